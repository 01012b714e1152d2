#!/usr/bin/env bash
# PyAV 18.1.0's wheel lists the codecs of mobile and IP telephony as available and has their containers, but encodes only some of them.
#
# Input: one second of noise at 8 or 16 kHz mono, given to PyAV's encoder of each codec.
# Expected: what `av.codecs_available` names, and `av.formats_available` has a container for, can be written: GSM above all, since AMR can.
# Seen:                listed as     in codecs_available   encoder
#   G.711              pcm_mulaw     yes                   yes
#   AMR narrow band    amrnb         yes                   yes, named libopencore_amrnb
#   G.722              g722          yes                   yes
#   Opus               opus          yes                   yes
#   GSM 06.10          gsm           yes                   none (container gsm: yes)
#   AMR wide band      amrwb         yes                   none (container amr: yes)
#   G.729              g729          yes                   none
# Training data that is to sound like a mobile call therefore lacks GSM, silently where encoders are looked up in that list.
# Exit status 1: the behaviour has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet av==18.1.0 numpy==2.4.6 2>/dev/null
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import av
import numpy as np

NAMES = {"pcm_mulaw": 8000, "amrnb": 8000, "g722": 16_000, "opus": 16_000, "gsm": 8000, "amrwb": 16_000, "g729": 8000}
WRITTEN = {"pcm_mulaw", "amrnb", "g722", "opus"}
ENCODERS = {"amrnb": "libopencore_amrnb", "opus": "libopus"}


def packets(name: str, rate: int) -> int:
    """Bytes that the encoder returns for a second of noise; 0 where there is no encoder."""
    try:
        context = av.CodecContext.create(ENCODERS.get(name, name), "w")
    except av.codec.codec.UnknownCodecError:
        return 0
    context.sample_rate, context.layout = rate, "mono"
    context.format = context.codec.audio_formats[0]
    noise = np.random.default_rng(0).integers(-3000, 3000, (1, rate)).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(noise, format="s16", layout="mono")
    frame.sample_rate = rate
    resampler = av.AudioResampler(format=context.format, layout="mono", rate=rate, frame_size=context.frame_size or 0)
    frames = [*resampler.resample(frame), *resampler.resample(None)]
    return sum(packet.size for each in [*frames, None] for packet in context.encode(each))


sizes = {name: packets(name, rate) for name, rate in NAMES.items()}
listed = {name for name in NAMES if name in av.codecs_available}
containers = {name for name in ("gsm", "amr") if name in av.formats_available}
print(f"PyAV {av.__version__}: bytes a second {sizes}; listed {sorted(listed)}; containers {sorted(containers)}")
as_seen = {name for name, size in sizes.items() if size} == WRITTEN and listed == set(NAMES) and containers == {"gsm", "amr"}
sys.exit(not as_seen)
PYTHON
