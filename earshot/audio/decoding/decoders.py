"""Selects a codec's decoder where FFmpeg's default drops audio."""

from collections.abc import Callable
from typing import Any

PREFERRED = {
    # FFmpeg's amrnb refuses comfort noise and empty frames, which DTX writes in every pause
    "amr_nb": "libopencore_amrnb",
    "amr_wb": "libopencore_amrwb",  # FFmpeg's amrwb refuses comfort noise and lost frames
}
"""By FFmpeg's name of the codec. Both are in PyAV's wheels; a build without one falls back to
FFmpeg's own."""


def decoder(stream: Any) -> Callable[[Any], list[Any]]:
    """Returns a function from a packet of ``stream`` to its frames; the last packet, which is
    empty, flushes the decoder."""
    import av

    name = PREFERRED.get(stream.codec_context.codec.canonical_name)
    if name not in av.codecs_available:
        return lambda packet: packet.decode()
    context = av.CodecContext.create(name, "r")
    context.sample_rate, context.layout = (
        stream.codec_context.sample_rate,
        stream.codec_context.layout.name,
    )
    return lambda packet: context.decode(packet if packet.size else None)
