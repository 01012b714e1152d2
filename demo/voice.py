"""Speech from the flite synthesiser (Debian package ``flite``, voices of CMU ARCTIC, free
licence)."""

import shutil
import subprocess
import tempfile
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

QUIET = 0.01
"""Below this share of the peak, sound at either end of a sentence is trimmed, so that written times
are those of speech."""


def speak(
    text: str, voice: str, stretch: float = 1.0, shift: float = 1.0
) -> tuple[NDArray[np.float64], int]:
    """One sentence at peak 1, and its sample rate.

    Args:
        stretch: duration as a multiple of the voice's own; below 1 is faster.
        shift: pitch as a multiple of the voice's own.
    Raises:
        FileNotFoundError: flite is not installed.
    """
    program = shutil.which("flite")
    if program is None:
        raise FileNotFoundError("flite is not installed")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        settings = ["--setf", f"duration_stretch={stretch}", "--setf", f"f0_shift={shift}"]
        subprocess.run(
            [program, "-voice", voice, *settings, "-t", text, "-o", str(path)],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        with wave.open(str(path)) as file:
            rate = file.getframerate()
            pcm = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    samples = pcm.astype(np.float64) / np.abs(pcm).max()
    loud = np.flatnonzero(np.abs(samples) > QUIET)
    return samples[loud[0] : loud[-1] + 1], rate
