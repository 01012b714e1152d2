#!/usr/bin/env bash
# Four readers of one WAV whose recorder could not go back to write the sizes: tinytag 2.3.2 reports 37 hours or none.
#
# Input: 20 s of 16 kHz mono PCM16; the sizes in the header are 0xFFFFFFFF (written to a pipe) or 0 (recorder stopped).
# Expected: every reader that states a duration takes it from the file's length where the field says "unknown".
# Seen (seconds):        0xFFFFFFFF      0
#   tinytag 2.3.2        134217.728...   0.0
#   soundfile 0.14.0     20.0            0.0
#   pymediainfo 7.0.1    20.0            20.0
#   PyAV 18.1.0          20.0            20.0     (decoded samples)
# Exit status 1: the behaviour has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet tinytag==2.3.2 soundfile==0.14.0 pymediainfo==7.0.1 av==18.1.0 numpy==2.4.6 2>/dev/null
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import struct
import sys

import av
import numpy as np
import soundfile
from pymediainfo import MediaInfo
from tinytag import TinyTag

RATE, SECONDS = 16_000, 20
samples = (8_000 * np.sin(2 * np.pi * 440 * np.arange(RATE * SECONDS) / RATE)).astype("<i2").tobytes()


def durations(size):
    path = f"{sys.argv[1]}/recorded.wav"
    with open(path, "wb") as file:
        file.write(b"RIFF" + struct.pack("<I", size) + b"WAVEfmt ")
        file.write(struct.pack("<IHHIIHH", 16, 1, 1, RATE, 2 * RATE, 2, 16) + b"data" + struct.pack("<I", size) + samples)
    with av.open(path) as container:
        decoded = sum(frame.samples for frame in container.decode(audio=0)) / RATE
    info = soundfile.info(path)
    stated = MediaInfo.parse(path).audio_tracks[0].duration / 1000
    return {"tinytag": TinyTag.get(path).duration, "soundfile": info.frames / RATE, "mediainfo": stated, "pyav": decoded}


streamed, stopped = durations(0xFFFFFFFF), durations(0)
print("0xFFFFFFFF", streamed)
print("0         ", stopped)
rest = {name: value for name, value in streamed.items() if name != "tinytag"}
as_seen = streamed["tinytag"] > 100_000 and stopped["tinytag"] == 0 and stopped["soundfile"] == 0
as_seen &= set(rest.values()) == {20.0} and stopped["mediainfo"] == stopped["pyav"] == 20.0
raise SystemExit(0 if as_seen else 1)
PYTHON
