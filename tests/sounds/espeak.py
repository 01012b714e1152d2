"""Speech by eSpeak NG, out of the wheel of ``espeakng-loader``, for tests of what is spoken."""

import ctypes
from functools import cache
from pathlib import Path

import espeakng_loader
import numpy as np
import soxr
from numpy.typing import NDArray

RATE = 16_000
QUIET = 0.01
"""Below this share of the peak, sound at either end of a sentence is trimmed, so that written times
are those of speech."""
_SYNCHRONOUS, _UTF8, _WORDS_A_MINUTE = 2, 1, 1
_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


def speak(text: str, voice: str, words_a_minute: int = 120) -> NDArray[np.float64]:
    """One sentence at peak 1 and ``RATE``.

    Args:
        voice: of eSpeak NG, with a variant: ``en-us+f3``.
    """
    library, rate = _library()
    parts: list[NDArray[np.int16]] = []

    def take(samples: "ctypes._Pointer[ctypes.c_short]", count: int, _: object) -> int:
        if samples and count > 0:
            parts.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    callback = _Callback(take)
    library.espeak_SetSynthCallback(callback)
    assert library.espeak_SetVoiceByName(voice.encode()) == 0, voice
    library.espeak_SetParameter(_WORDS_A_MINUTE, words_a_minute, 0)
    written = text.encode()
    failed = library.espeak_Synth(written, len(written) + 1, 0, 0, 0, _UTF8, None, None)
    assert failed == 0, text
    sound: NDArray[np.float64] = soxr.resample(np.concatenate(parts).astype(np.float64), rate, RATE)
    sound /= np.abs(sound).max()
    loud = np.flatnonzero(np.abs(sound) > QUIET)
    return sound[loud[0] : loud[-1] + 1]


@cache
def _library() -> tuple[ctypes.CDLL, int]:
    """The library, and the sample rate of what it speaks."""
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    library.espeak_Synth.argtypes = [
        ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint,
        ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p,
    ]  # fmt: skip
    folder = str(Path(espeakng_loader.get_data_path()).parent)
    rate = library.espeak_Initialize(_SYNCHRONOUS, 0, folder.encode(), 0)
    assert rate > 0
    return library, rate
