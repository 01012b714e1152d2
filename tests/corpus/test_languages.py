"""No English is invented from other languages, and English is not refused."""

from collections.abc import Sequence

import pytest

from evaluation.manifest import Row, read
from tests.corpus.recorded import DATA
from training.measurements.languages import (
    ENGLISH_FILES,
    ENOUGH_SEC,
    READ,
    english,
    foreign,
    shown,
)

pytestmark = pytest.mark.corpus


@pytest.fixture(scope="module")
def rows() -> Sequence[Row]:
    return read(DATA / "labels.jsonl")


def test_no_english_is_written_of_40_clips_in_ten_languages(rows: Sequence[Row]) -> None:
    """None of those of five seconds and more; clips of two seconds say too little (docs/asr.md)."""
    clips = foreign(rows)
    assert len(clips) == 40
    assert len(set(clips.values())) == 10
    found = dict(zip(clips, shown(DATA, clips), strict=True))
    written = {path: each.seconds for path, each in found.items() if each.words}
    assert [path for path, seconds in written.items() if seconds >= ENOUGH_SEC] == []
    assert len([path for path in written if not path.startswith("emotion/emodb")]) <= 2
    assert len(written) <= 11


def test_no_english_of_five_seconds_is_refused(rows: Sequence[Row]) -> None:
    lengths = {row.path: row.duration for row in rows}
    paths = [
        path
        for path in english(rows)
        if path in ENGLISH_FILES or (lengths[path] >= ENOUGH_SEC and path.startswith(READ))
    ]
    assert len(paths) > 60
    refused = [path for path, each in zip(paths, shown(DATA, paths), strict=True) if each.refused]
    assert refused == []
