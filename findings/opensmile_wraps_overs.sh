#!/usr/bin/env bash
# opensmile 2.6.0: float samples at or above +1.0 wrap to the negative end instead of being clipped.
#
# Input: two seconds of a periodic, voice-like wave whose peaks reach 1.05, as decoders of MP3, Vorbis and Opus return them.
# Expected: features as of a clipped wave, that is, nearly those of the same wave at 0.999.
# Seen: process_signal multiplies by 32768 and casts to int16 without a bound, so that +1.05 becomes -0.95. Mean loudness of
#   eGeMAPS 2.5416 at 0.999, 4.8337 at 1.05; harmonics-to-noise ratio 8.7996 dB and 7.4825 dB; jitter 0 and 0.0024.
#   A clipped copy gives 2.6522 and 8.7994 dB. Clip, or scale, before feature extraction.
# Exit status 1: the behaviour has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet opensmile==2.6.0 numpy==2.4.6 2>/dev/null
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import opensmile

RATE = 16_000
time = np.arange(2 * RATE) / RATE
wave = sum(np.sin(2 * np.pi * 120 * k * time + k * k) / k for k in range(1, 20))
wave /= np.abs(wave).max()
smile = opensmile.Smile(
    feature_set=opensmile.FeatureSet.eGeMAPSv02, feature_level=opensmile.FeatureLevel.Functionals
)
names = ["loudness_sma3_amean", "HNRdBACF_sma3nz_amean", "jitterLocal_sma3nz_amean"]


def features(signal):
    return smile.process_signal(signal.astype(np.float32), RATE)[names].to_numpy()[0]


below, over = features(0.999 * wave), features(1.05 * wave)
clipped = features(np.clip(1.05 * wave, -1.0, 0.99997))
for name, *values in zip(names, below, over, clipped):
    print(f"{name:26} peak 0.999: {values[0]:.4f}   peak 1.05: {values[1]:.4f}   1.05 clipped: {values[2]:.4f}")
raise SystemExit(0 if over[0] > 1.5 * below[0] and abs(clipped[0] / below[0] - 1) < 0.05 else 1)
PYTHON
