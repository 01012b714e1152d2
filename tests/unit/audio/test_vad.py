"""The streaming VAD: right about made-up speech, and blind to how its input was cut."""

import subprocess
import sys
import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.analysis.types import Utterance
from earshot.audio.speech import vad
from earshot.audio.speech.vad import (
    MIN_SILENCE_MS,
    MIN_SPEECH_MS,
    PAD_MS,
    WINDOW_MS,
    Segmenter,
    SpeechDetector,
)
from earshot.compute import onnx_runtime
from tests.sounds.audio_files import Sound, silence, tone, vowel
from tests.sounds.voices import voice

SPOKEN = np.concatenate(
    [silence(1), vowel(1.5, pitch_hz=230), silence(3), vowel(2, pitch_hz=140), silence(0.7)], axis=1
)[0]


def detect(sound: Sound, sizes: list[int]) -> tuple[Utterance, ...]:
    detector = SpeechDetector(channel=1)
    at = 0
    while at < len(sound):
        for size in sizes:
            detector.feed(sound[at : at + size])
            at += size
    return detector.finish()


def test_it_hears_speech_where_it_is() -> None:
    first, second = detect(SPOKEN, [16_000])
    for utterance, (start, end) in ((first, (1000, 2500)), (second, (5500, 7500))):
        assert utterance.channel == 1
        assert utterance.start_ms == pytest.approx(start, abs=250)
        assert utterance.end_ms == pytest.approx(end, abs=250)


@pytest.mark.parametrize("sound", [silence(5)[0], tone(5)[0], silence(0)[0], silence(0.01)[0]])
def test_it_hears_none_in_silence_and_tones(sound: Sound) -> None:
    assert detect(sound, [16_000]) == ()


def cpu_sec(sound: Sound) -> float:
    began = time.process_time()
    detect(sound, [16_000])
    return time.process_time() - began


def test_hours_of_nothing_cost_next_to_nothing() -> None:
    """A late start, a muted speaker."""
    detect(SPOKEN, [16_000])  # loads the network
    hiss = np.random.default_rng(0).normal(0, 0.01, 600 * 16_000).astype(np.float32)
    assert cpu_sec(np.zeros(3600 * 16_000, np.float32)) < cpu_sec(hiss)


def test_speech_after_minutes_of_nothing_is_heard_from_its_beginning() -> None:
    said, pause_sec = voice(6), 360
    after = detect(np.concatenate([said, np.zeros(pause_sec * 16_000, np.float32), said]), [16_000])
    at_ms = (6 + pause_sec) * 1000
    (again,) = [one for one in after if one.end_ms > at_ms]
    assert (again.start_ms, again.end_ms) == pytest.approx((at_ms, at_ms + 6_000), abs=110)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 50_000), min_size=1, max_size=6))
def test_block_sizes_do_not_matter(sizes: list[int]) -> None:
    assert detect(SPOKEN, sizes) == detect(SPOKEN, [len(SPOKEN)])


@given(st.lists(st.floats(0, 1), max_size=400))
def test_spans_are_ordered_apart_and_long_enough(shares: list[float]) -> None:
    segmenter = Segmenter()
    for share in shares:
        segmenter.add(share)
    end_ms = len(shares) * WINDOW_MS
    spans = segmenter.finish(end_ms)
    assert all(0 <= start < end <= end_ms and end - start >= MIN_SPEECH_MS for start, end in spans)
    gaps = [after[0] - before[1] for before, after in pairwise(spans)]
    assert all(gap >= MIN_SILENCE_MS - 2 * PAD_MS for gap in gaps)


def test_it_does_not_load_the_speech_recogniser() -> None:
    code = (
        "import sys, numpy\nfrom earshot.audio.speech.vad import SpeechDetector\n"
        "d = SpeechDetector(0); d.feed(numpy.zeros(16000, 'f4')); d.finish()\n"
        "sys.exit(' '.join({'faster_whisper', 'ctranslate2', 'torch'} & set(sys.modules)) or None)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_network_computes_what_silero_s_own_graph_does() -> None:
    own, given = vad._session(), onnx_runtime.session(vad.weights_file())
    windows = voice(4.0)[: 100 * vad.WINDOW].reshape(-1, vad.WINDOW)
    inputs = {
        "input": np.pad(windows, ((0, 0), (vad.CONTEXT, 0))).astype(np.float32),
        "h": vad.FRESH[0],
        "c": vad.FRESH[1],
    }
    for ours, theirs in zip(own.run(None, inputs), given.run(None, inputs), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
