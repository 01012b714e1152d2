#!/usr/bin/env bash
# moonshine-voice 0.1.0, tiny-en, in ONNX Runtime 1.31.1: sound that is louder by one part in ten million, the last bit of its samples, moves
# the encoder's output by some per cent, as much as sound that is louder by a hundredth does.
#
# Input: four seconds of a voiced sound of 120 Hz, float32 at 16 kHz; the same times 1 + 1e-7, 1 + 1e-6 ... 1.01.
# Expected: the output moves about as much as the input does.
# Seen: the same sound twice gives the same output, bit by bit; at all six gains it is 3 to 6 % (RMS) away from that. The graph quantises
#   activations by the range of each pass (DynamicQuantizeLinear), and what lies on the border of two steps of the first layers changes side.
# So a resampler or a gain that differs by a rounding error between two machines or builds writes other words now and then; texts of two runs
# are the same only for the same bits of sound, and a test of equal output must begin with equal samples.
# Exit status 1: the behaviour has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet moonshine-voice==0.1.0 onnxruntime==1.31.1 2>/dev/null
"$folder/venv/bin/python" - 2>/dev/null <<'PYTHON'
import importlib.util
import sys
from pathlib import Path

import numpy as np
import onnxruntime

RATE = 16_000
folder = Path(importlib.util.find_spec("moonshine_voice").origin).parent / "assets" / "tiny-en"
session = onnxruntime.InferenceSession(str(folder / "encoder_model.ort"))


def encoded(sound):
    (found,) = session.run(None, {"input_values": sound[None], "attention_mask": np.ones((1, len(sound)), np.int64)})
    return found[0]


def rms(values):
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))


at = np.arange(4 * RATE) / RATE
phase = 2 * np.pi * np.cumsum(120 + 20 * np.sin(2 * np.pi * 3 * at)) / RATE
voiced = sum(np.sin(k * phase) / k for k in range(1, 20)) * np.square(0.5 + 0.5 * np.sin(2 * np.pi * 4 * at))
hiss = np.random.default_rng(0).normal(0, 1e-3, len(at))
sound = (0.1 * voiced / np.abs(voiced).max() + hiss).astype(np.float32)

first = encoded(sound)
again = rms(encoded(sound) - first)
print(f"the same sound: {again}")
moved = []
for part in (1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2):
    louder = (sound * np.float32(1 + part)).astype(np.float32)
    moved.append(rms(encoded(louder) - first) / rms(first))
    print(f"louder by {rms(louder - sound) / rms(sound):.1e}: {moved[-1]:.1%}")
sys.exit(0 if again == 0 and min(moved) > 0.01 and moved[0] > moved[-1] / 4 else 1)
PYTHON
