"""``earshot why``: what a stranger reads who misses a sound."""

from pathlib import Path

import pytest

from cli.terminal.explain import USAGE
from cli.terminal.why_words import Asked, explained
from cli.why import sound
from earshot.analysis.errors import Misconfigured
from earshot.analysis.findings import (
    LabelledInterval,
    RawScore,
    Rejected,
    SceneFindings,
    SoundEvent,
)
from earshot.analysis.outcome import Failed, Outcome, Skipped, Succeeded
from earshot.analysis.report.parts import Part
from tests.unit.cli.test_errors import earshot

SCORES = {"speech": 0.6, "music": 0.3, "noise": 0.1, "silence": 0.0, "other": 0.0}


def part(outcome: Outcome, chunk: int = 1, analysis: str = "scene") -> Part:
    start = 25_000 * chunk
    return Part(
        chunk=chunk,
        start_ms=start,
        end_ms=start + 25_000,
        analysis=analysis,
        release="scene-7",
        outcome=outcome,
    )


def findings(
    *rejected: Rejected,
    raw: tuple[tuple[str, float], ...] = (("speech", 1.0),),
    heard: int | None = 20_000,
) -> Part:
    found = SceneFindings(
        label="speech",
        confidence=0.6,
        scores=SCORES,
        intervals=(
            LabelledInterval(start_ms=25_000, end_ms=50_000, label="speech", confidence=0.6),
        ),
        heard_ms=heard,
        events=(
            SoundEvent(start_ms=25_480, end_ms=40_840, label="speech", confidence=0.8, peak=0.97),
        ),
        rejected=rejected,
        raw=tuple(RawScore(label=label, score=score, at_ms=31_230) for label, score in raw),
    )
    return part(Succeeded(findings=found.model_dump(mode="json")))


def kept_back(reason: str, limit: float, label: str = "music") -> Rejected:
    fields = {
        "start_ms": 30_000,
        "end_ms": 30_960,
        "label": label,
        "peak": 0.42,
        "reason": reason,
        "limit": limit,
    }
    return Rejected.model_validate(fields)


def told(asked: Asked, *parts: Part) -> str:
    return "\n".join(explained(asked, parts))


MUSIC = Asked("music", "music")


def test_a_sound_that_is_told_is_where_it_is() -> None:
    text = told(Asked("speech", "speech"), findings())
    assert "chunk 1  0:25.0-0:50.0  is classified as speech (speech 60%, music 30%" in text
    assert "reported: speech 0:25.4-0:40.8, at most 97%, 80% on average" in text


@pytest.mark.parametrize(
    ("reason", "limit", "says"),
    [
        ("threshold", 0.5, "an event must reach 50%"),
        ("duration", 1400, "960 ms, and an event must last 1400 ms"),
        ("energy", -66.0, "fainter than -66 dBFS, which counts as silence"),
    ],
)
def test_what_is_not_told_has_its_reason(reason: str, limit: float, says: str) -> None:
    text = told(
        MUSIC, findings(kept_back(reason, limit), kept_back("threshold", 0.5, label="noise"))
    )
    assert f"rejected: music 0:30.0-0:30.9, at most 42%: {says}" in text
    assert "rejected: noise" not in text


def test_a_class_of_audioset_is_found_among_what_was_kept() -> None:
    dog = Asked("Dog", "noise")
    yamnet = (("Speech", 0.9), ("Dog", 0.4), ("Rain", 0.2))
    assert "Dog counts as noise\n" in told(dog, findings(raw=yamnet))
    assert "Dog itself: at most 40%, at 0:31.2" in told(dog, findings(raw=yamnet))
    cat = told(Asked("Cat", "noise"), findings(raw=yamnet))
    assert "Cat itself: below 20%, the least of the 3 classes that were kept" in cat
    assert "this release does not distinguish AudioSet's classes" in told(dog, findings())


def test_what_was_not_listened_to_because_of_it_is_told() -> None:
    text = told(
        MUSIC,
        findings(),
        part(Skipped(reason="scene_music"), analysis="asr"),
        part(Skipped(reason="no_speech"), 2, "asr"),
    )
    assert "asr was skipped: scene_music" in text
    assert "no_speech" not in text


def test_other_outcomes_are_told_in_order_of_time() -> None:
    text = told(
        MUSIC, findings(), part(Failed(code="missing", detail="the audio is gone"), chunk=0)
    )
    assert text.index("scene failed: missing: the audio is gone") < text.index("chunk 1")


def test_what_an_earlier_version_said_is_no_riddle() -> None:
    assert "earshot rerun ID --analysis scene" in told(MUSIC, findings(heard=None))


def test_sounds_have_names_in_any_case() -> None:
    assert sound("MUSIC") == MUSIC
    assert sound("dog") == Asked("Dog", "noise")
    with pytest.raises(Misconfigured, match="similar ones are Acoustic guitar"):
        sound("guit")


def test_an_unknown_sound_is_one_line(tmp_path: Path) -> None:
    done = earshot(tmp_path, "why", "abc", "--label", "xyzzy")
    assert done.returncode == USAGE
    assert done.stderr.count("\n") == 1
    assert (
        "no sound is named 'xyzzy'; there are speech, music, noise, silence, other" in done.stderr
    )
