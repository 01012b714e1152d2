"""Uploads in pieces at a store that speaks S3."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from earshot.analysis.errors import BadAudio, Misconfigured
from earshot.audio.store.multipart import LEAST_PART, MOST_PARTS, part_bytes
from earshot.audio.store.pieces import Pieces, create
from tests.object_store import BUCKET, STORE, object_store, open_parts

DATA = random.Random(1).randbytes(2 * LEAST_PART + 1_000_003)


@pytest.fixture
def fs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with object_store(monkeypatch) as found:
        yield found


def again(upload: Pieces) -> Pieces:
    """As another process knows it."""
    return Pieces(*upload)


@pytest.mark.parametrize("step", [700_001, LEAST_PART - 1, LEAST_PART, 7_000_000, len(DATA)])
def test_pieces_of_any_size_make_the_same_bytes(fs: Any, step: int) -> None:
    upload = create("a.WAV", STORE, len(DATA), 0)
    for start in range(0, len(DATA), step):
        again(upload).append(start, DATA[start : start + step])
    assert not fs.exists(upload.uri), "an object appears whole"
    upload.complete()
    again(upload).complete()
    assert fs.cat_file(upload.uri) == DATA
    assert upload.uri.endswith("/audio.wav")
    assert fs.find(BUCKET) == [upload.uri.removeprefix("s3://")]
    assert open_parts(fs) == []


def test_what_was_stored_beyond_the_noted_bytes_is_never_read(fs: Any) -> None:
    """A process died between the store and the row, on either side of the end of a part."""
    upload = create("a.wav", STORE, len(DATA), 0)
    upload.append(0, DATA[:1000])
    upload.append(1000, b"x" * 500)
    upload.append(1000, b"y" * LEAST_PART)
    upload.append(1000, DATA[1000:2000])
    upload.append(2000, DATA[2000:])
    upload.complete()
    assert fs.cat_file(upload.uri) == DATA


def test_what_is_discarded_leaves_no_part(fs: Any) -> None:
    upload = create("a.wav", STORE, len(DATA), 0)
    upload.append(0, DATA[: LEAST_PART + 10])
    assert len(open_parts(fs)) == len(fs.find(BUCKET)) == 1
    for _ in range(2):
        upload.discard(STORE)
        fs.invalidate_cache()
        assert open_parts(fs) == fs.find(BUCKET) == []
    with pytest.raises(BadAudio, match="does not exist"):
        upload.append(LEAST_PART + 10, DATA[LEAST_PART + 10 :])


def test_a_long_upload_has_as_many_parts_as_are_allowed() -> None:
    assert part_bytes(10**9) == LEAST_PART
    assert part_bytes(10**12) * MOST_PARTS >= 10**12
    assert part_bytes(10**12 + 1) * MOST_PARTS > 10**12


def test_other_remote_stores_are_refused() -> None:
    with pytest.raises(Misconfigured, match="one request"):
        create("a.wav", "memory://store", 10, 0)
