"""Recorded clips of every kind keep their scene when a bad line bends them: shifted, clipped,
softer, through a telephone."""

import json
from pathlib import Path

import numpy as np
import pytest
import soxr

from earshot.audio.decoding.decode import decode
from earshot.audio.decoding.frames import Tally
from earshot.audio.decoding.probe import probe
from tests.conformance.test_robustness import CHANGES, only
from tests.corpus.recorded import DATA
from tests.sounds.audio_files import Sound

pytestmark = pytest.mark.corpus

RATE = 16_000
KINDS = (
    "asr/librispeech_test-other",
    "scene/librosa",
    "noise/esc10",
    "scene/pyaudio3/music",
    "emotion/ravdess",
    "noise/nonspeech100",
)
EACH = 4
KEPT = 0.9
"""Share of the clips of which the winning label stays, for each change."""


def clips() -> list[Sound]:
    """The first ten seconds of clips spread over each kind."""
    rows = [
        json.loads(line)["path"]
        for line in (DATA / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    found = []
    for kind in KINDS:
        own = [path for path in rows if path.startswith(kind)]
        found += [heard(DATA / own[len(own) * number // EACH]) for number in range(EACH)]
    return found


def heard(path: Path) -> Sound:
    found = probe(path)
    sound = np.concatenate([block.mean(axis=0) for block in decode(path, found, Tally())])
    return soxr.resample(sound, found.sample_rate, RATE)[None, : 10 * RATE].astype(np.float32)


@pytest.mark.parametrize("change", [*CHANGES, "telephone"])
def test_the_scene_stays(change: str, tmp_path: Path) -> None:
    kept = []
    for clip in clips():
        before = only("scene", clip, tmp_path)
        if change == "telephone":
            after = only(
                "scene",
                soxr.resample(clip[0], RATE, 8_000)[None].astype(np.float32),
                tmp_path,
                8_000,
            )
        else:
            after = only("scene", CHANGES[change](clip), tmp_path)
        assert before is not None
        assert after is not None
        kept.append(after.label == before.label)
    assert np.mean(kept) >= KEPT
