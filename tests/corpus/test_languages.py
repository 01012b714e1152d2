"""No English is invented from other languages, and English is not refused."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from evaluation.manifest import Row, read
from evaluation.metrics import Metrics, Transcribed
from tests.corpus.recorded import DATA
from tests.unit.cli.test_errors import earshot
from training.measurements.languages import (
    ENGLISH_FILES,
    ENOUGH_SEC,
    READ,
    WHOLE,
    Shown,
    english,
    foreign,
    shown,
)

pytestmark = pytest.mark.corpus


@pytest.fixture(scope="module")
def rows() -> Sequence[Row]:
    return read(DATA / "labels.jsonl")


@pytest.fixture(scope="module")
def found(rows: Sequence[Row]) -> dict[str, Shown]:
    """By clip, of the 40 in ten languages."""
    clips = foreign(rows)
    assert len(clips) == 40
    assert len(set(clips.values())) == 10
    return dict(zip(clips, shown(DATA, clips), strict=True))


def test_english_is_written_of_none(found: dict[str, Shown]) -> None:
    assert {path: each.words for path, each in found.items() if each.words} == {}
    assert all(found[path].seconds >= ENOUGH_SEC for path in WHOLE)


def test_the_language_of_clips_of_five_seconds_is_named(found: dict[str, Shown]) -> None:
    assert {path: found[path].named for path in WHOLE} == WHOLE


def test_no_english_of_five_seconds_is_refused(rows: Sequence[Row]) -> None:
    lengths = {row.path: row.duration for row in rows}
    paths = [
        path
        for path in english(rows)
        if path in ENGLISH_FILES or (lengths[path] >= ENOUGH_SEC and path.startswith(READ))
    ]
    assert len(paths) == 56
    refused = [path for path, each in zip(paths, shown(DATA, paths), strict=True) if each.refused]
    assert refused == []


def test_single_digits_over_a_telephone_band_keep_their_bound(tmp_path: Path) -> None:
    """Every tenth of 1,000: half a second is too short for most of them, and some are refused."""
    lines = (DATA / "labels.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    digits = [line for line in lines if '"asr/fsdd_8k/' in line]
    (tmp_path / "m.jsonl").write_text("".join(digits[::10]))
    done = earshot(tmp_path, "evaluate", "--manifest", "m.jsonl", "--root", str(DATA))
    assert done.returncode == 0, done.stderr
    found = Metrics.model_validate_json((tmp_path / "metrics.json").read_text()).root["asr"]
    assert isinstance(found, Transcribed)
    assert found.n == 100
    assert found.wer <= 0.45
