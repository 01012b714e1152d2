"""When a noise answer is a label, and when it is unclear."""

import numpy as np
import pytest

from earshot.analysis.findings import UNCLEAR
from earshot.analysis.noise_findings import NO_NOISE
from earshot.models.metadata import Band, Evidence, Tally
from earshot.models.sound.abstaining import answer, unmeasured

LABELS = ("ocean_waves", "thunder", "forest", "silence", "mixed_noise")
GOOD = Tally(recordings=40, answers=40, recall=0.9, precision=0.9)
POOR = Tally(recordings=40, answers=60, recall=0.6, precision=0.4)
EVIDENCE = Evidence(
    wide=Band(
        labels={
            **dict.fromkeys(("ocean_waves", "silence", "mixed_noise"), GOOD),
            "forest": Tally(recordings=0, answers=9, precision=0.0),
            "thunder": Tally(recordings=1, answers=1, recall=1.0, precision=1.0),
        },
        confidence=0.5,
    ),
    narrow=Band(
        labels={"ocean_waves": POOR, "silence": GOOD, "mixed_noise": GOOD},
        confidence=0.7,
        own={"silence": 0.6},
    ),
)


def shares(label: str, share: float) -> np.ndarray:
    rest = (1 - share) / (len(LABELS) - 1)
    return np.array([share if each == label else rest for each in LABELS], np.float32)


@pytest.mark.parametrize(
    ("label", "share", "narrow", "expected"),
    [
        ("ocean_waves", 0.9, False, "ocean_waves"),
        ("ocean_waves", 0.9, True, UNCLEAR),  # a telephone line does not carry what tells it apart
        ("mixed_noise", 0.55, False, "mixed_noise"),
        ("mixed_noise", 0.55, True, UNCLEAR),
        ("mixed_noise", 0.45, False, UNCLEAR),
        ("mixed_noise", 0.65, True, UNCLEAR),
        ("silence", 0.65, True, "silence"),  # which has a confidence of its own in this band
        ("silence", 0.55, True, UNCLEAR),
        ("silence", 0.45, False, UNCLEAR),  # and none in this one
        ("thunder", 0.9, False, "thunder"),  # unmeasured, and marked so
        ("thunder", 0.9, True, UNCLEAR),
        ("forest", 0.9, False, UNCLEAR),  # nine answers, none of them right
    ],
)
def test_evidence_decides(label: str, share: float, narrow: bool, expected: str) -> None:
    found = answer(LABELS, shares(label, share), EVIDENCE, narrow=narrow, spoken=False)
    assert found.label == expected
    assert found.abstained == (expected == UNCLEAR)
    assert found.confidence == pytest.approx(share, abs=1e-3)
    assert found.scores[label] == found.confidence
    assert sum(found.scores.values()) == pytest.approx(1)


@pytest.mark.parametrize("evidence", [EVIDENCE, None])
@pytest.mark.parametrize("narrow", [False, True])
def test_where_there_is_speech_there_is_no_silence(evidence: Evidence | None, narrow: bool) -> None:
    quiet = shares("silence", 0.9)
    assert answer(LABELS, quiet, evidence, narrow=narrow, spoken=False).label == "silence"
    spoken = answer(LABELS, quiet, evidence, narrow=narrow, spoken=True)
    assert (spoken.label, spoken.scores["silence"]) == (NO_NOISE, 0)
    assert spoken.scores[NO_NOISE] == spoken.confidence


def test_a_checkpoint_without_evidence_always_answers() -> None:
    found = answer(("hum", "hiss"), np.array([0.51, 0.49]), None, narrow=True, spoken=True)
    assert (found.label, found.abstained) == ("hum", False)
    assert found.scores == {"hum": 0.51, "hiss": 0.49}
    assert unmeasured(("hum", "hiss"), None) == ()


def test_labels_with_hardly_any_recordings_are_unmeasured() -> None:
    assert unmeasured(LABELS, EVIDENCE) == ("thunder", "forest")
