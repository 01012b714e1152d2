"""Telephone lines: speech through 8 kHz and a codec in memory, as calls are recorded."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from earshot.audio.features.spectra import Array
from training.data.datasets import RATE

LINE_RATE = 8000


@dataclass(frozen=True)
class Codec:
    """An encoder of FFmpeg and how its calls are stored."""

    encoder: str
    container: str
    bit_rates: tuple[int, ...] = ()
    """In use on telephone networks; empty: the codec has one."""


CODECS: Mapping[str, Codec] = {
    "g711_mu": Codec("pcm_mulaw", "wav"),
    "g711_a": Codec("pcm_alaw", "wav"),
    "gsm": Codec("libgsm", "gsm"),
    # 12,200 bit/s is GSM's enhanced full rate
    "amr_nb": Codec("libopencore_amrnb", "amr", (4750, 5900, 7400, 12200)),
    "opus": Codec("libopus", "ogg", (8000, 12000, 16000, 24000)),
}
"""ITU-T G.711 (mu-law and A-law), ETSI GSM 06.10, 3GPP AMR narrow-band, RFC 6716."""


def available(codecs: Mapping[str, Codec] = CODECS) -> tuple[str, ...]:
    """The names of the codecs that the installed FFmpeg encodes.

    Raises:
        RuntimeError: none of them.
    """
    import av

    found = tuple(name for name, codec in codecs.items() if codec.encoder in av.codecs_available)
    if not found:
        raise RuntimeError(f"FFmpeg has no encoder of {', '.join(codecs)}")
    return found


def line(samples: Array, random: np.random.Generator) -> Array:
    """The samples through a random codec at a random bit rate.

    Args:
        samples: mono float32 at ``RATE``, shape (samples,).

    Returns:
        The same shape; nothing above 4 kHz.
    """
    return through(samples, str(random.choice(available())), random)


def through(samples: Array, name: str, random: np.random.Generator) -> Array:
    """The samples through the named codec; as ``line``."""
    import soxr

    codec = CODECS[name]
    narrow = soxr.resample(samples, RATE, LINE_RATE)
    pcm = (np.clip(narrow, -1, 1) * 32767).astype(np.int16)
    rate = int(random.choice(codec.bit_rates)) if codec.bit_rates else None
    decoded, decoded_rate = _decoded(_encoded(pcm, codec, rate))
    wide = soxr.resample(decoded, decoded_rate, RATE).astype(np.float32)[: len(samples)]
    return np.pad(wide, (0, len(samples) - len(wide)))


def _encoded(pcm: Array, codec: Codec, bit_rate: int | None) -> io.BytesIO:
    import av

    file = io.BytesIO()
    with av.open(file, "w", format=codec.container) as out:
        stream = cast(Any, out.add_stream(codec.encoder, rate=LINE_RATE, layout="mono"))
        if bit_rate:
            stream.bit_rate = bit_rate
        frame = av.AudioFrame.from_ndarray(pcm[None], format="s16", layout="mono")
        frame.sample_rate = LINE_RATE
        # PyAV converts to the encoder's format and cuts frames of its size
        for each in (frame, None):
            out.mux(stream.encode(each))
    file.seek(0)
    return file


def _decoded(file: io.BytesIO) -> tuple[Array, int]:
    import av

    floats: Callable[..., Any] = av.AudioResampler(format="flt", layout="mono").resample
    with av.open(file) as container:
        frames = [one for frame in container.decode(audio=0) for one in floats(frame)]
    return np.concatenate([one.to_ndarray()[0] for one in frames]), frames[0].sample_rate
