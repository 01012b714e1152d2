#!/usr/bin/env bash
# FFmpeg 8.1.2 (PyAV 18.1.0) gives every packet of its own MP3 in AVI twice its time at 160 kbit/s and 16 kHz, but not at 128.
#
# Input: 20 s of noise, 16 kHz mono, encoded by LAME and written to AVI by PyAV itself at two bit rates.
# Expected: time stamps that grow by a frame's length, 576 / 16000 = 0.036 s, at both, and end near 20 s.
# Seen:                       128 kbit/s    160 kbit/s
#   bytes of a packet         576           720
#   block size in the header  576           576      (the muxer writes the samples of a frame there)
#   step between two stamps   0.036 s       0.072 s  (a packet above the block size counts as two)
#   last stamp                20.05 s       40.10 s
#   decoded sound             20.09 s       20.09 s
#   stated duration           20.09 s       20.09 s
# What is placed by its time stamps, as speech is by a transcriber, drifts to twice its time.
# Exit status 1: the behaviour has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet av==18.1.0 numpy==2.4.6 2>/dev/null
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import struct
import sys

import av
import numpy as np

RATE, SECONDS = 16_000, 20
noise = np.random.default_rng(0).normal(0, 0.3, (1, RATE * SECONDS)).astype(np.float32)


def made(bit_rate):
    path = f"{sys.argv[1]}/{bit_rate}.avi"
    with av.open(path, "w") as container:
        stream = container.add_stream("libmp3lame", rate=RATE, bit_rate=bit_rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(noise, format="fltp", layout="mono")
        frame.sample_rate, frame.pts = RATE, 0
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    return path


def read(path):
    with av.open(path) as container:
        stream = container.streams.audio[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        stamps = [float(packet.pts * packet.time_base) for packet in packets]
        sound = sum(frame.samples for packet in (*packets, None) for frame in stream.codec_context.decode(packet)) / RATE
        stated = float(stream.duration * stream.time_base)
    with open(path, "rb") as file:
        header = file.read(4096)
    (block,) = struct.unpack_from("<H", header, header.index(b"strf") + 8 + 12)
    size = max(packet.size for packet in packets)
    return size, block, {round(step, 3) for step in np.diff(stamps)}, round(stamps[-1], 2), round(sound, 2), round(stated, 2)


right, wrong = read(made(128_000)), read(made(160_000))
print("128 kbit/s", *right)
print("160 kbit/s", *wrong)
as_seen = right[:4] == (576, 576, {0.036}, 20.05) and wrong[:4] == (720, 576, {0.072}, 40.1)
as_seen &= right[4:] == wrong[4:] == (20.09, 20.09)
raise SystemExit(0 if as_seen else 1)
PYTHON
