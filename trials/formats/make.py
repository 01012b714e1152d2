"""Makes one file of a kind."""

import shutil
import subprocess
import wave
from fractions import Fraction
from pathlib import Path

import numpy as np

from trials.formats.kinds import TOOLS, Kind
from trials.formats.sounds import Sound


def missing_tools() -> list[str]:
    """Programs that are needed and not installed."""
    return [
        command[0] for command in TOOLS.values() if command and shutil.which(command[0]) is None
    ]


def make(kind: Kind, folder: Path, name: str, sound: Sound, rate: int) -> Path:
    """The path of the new file.

    Raises:
        subprocess.CalledProcessError: the tool refused.
    """
    target = folder / f"{name}.{kind.suffix}"
    if kind.tool == "PyAV":
        return _with_pyav(target, kind.arguments, sound, rate)
    source = folder / f"{name}.source.wav"
    _write_wav(source, sound, rate)
    words = [*TOOLS[kind.tool], *kind.arguments.split()]
    command = [word.format(source=source, target=target) for word in words]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    if "{target}" not in kind.arguments:
        target.write_bytes(done.stdout)
    source.unlink()
    return target


def _write_wav(path: Path, sound: Sound, rate: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(sound))
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.rint(sound.T * 32_767).astype("<i2").tobytes())


def _with_pyav(target: Path, words: str, sound: Sound, rate: int) -> Path:
    import av

    codec, *options = words.split()
    with av.open(str(target), "w") as out:
        stream = out.add_stream(codec, rate=rate, layout="mono")
        stream.bit_rate = 12_200
        stream.codec_context.options = dict(option.split("=") for option in options)
        for start in range(0, sound.shape[1], 160):
            piece = np.rint(sound[:1, start : start + 160] * 32_767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(piece, format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return target
