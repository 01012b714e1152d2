"""The runner: one bad chunk costs itself, not its batch; what belongs to the caller is not blamed on a chunk."""

from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from analysis.errors import Unavailable
from analysis.outcome import Failed, Succeeded
from analysis.types import ChunkRef, Job, Release
from models.catalog import default_releases
from workers.run import _failure, run


def job(paths: list[Path], release: Release | None = None) -> Job:
    chunks = tuple(
        ChunkRef(
            recording_id=uuid4(),
            index=index,
            start_ms=0,
            end_ms=1000,
            audio_uri=f"file://{path}",
            sample_rate=16_000,
            channels=1,
            native_rate=16_000,
        )
        for index, path in enumerate(paths)
    )
    return Job(analysis="scene", batch_id=uuid4(), release=release or default_releases()["scene"], chunks=chunks, sent_at=0)


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    path = tmp_path / "sound.pcm"
    path.write_bytes((np.random.default_rng(0).normal(0, 3000, 16_000)).astype("<i2").tobytes())
    return path


def test_only_the_chunk_at_fault_fails(sound: Path, tmp_path: Path) -> None:
    first, gone, last = run(job([sound, tmp_path / "gone.pcm", sound]), "cpu")
    assert isinstance(first, Succeeded)
    assert first == last
    assert isinstance(gone, Failed)
    assert gone.code == "missing"


def test_a_release_that_cannot_be_loaded_fails_every_chunk_with_the_reason(sound: Path) -> None:
    release = Release(analysis="scene", name="scene-x", runtime="onnx", uri="embedded/none.onnx", sha256="0" * 64)
    outcomes = run(job([sound, sound], release), "cpu")
    assert [outcome.status for outcome in outcomes] == ["failed", "failed"]
    assert {outcome.code for outcome in outcomes if isinstance(outcome, Failed)} == {"checkpoint"}


def test_failing_surroundings_belong_to_the_caller(tmp_path: Path) -> None:
    (tmp_path / "folder.pcm").mkdir()  # the store answers with an error that is not the chunk's
    with pytest.raises(Unavailable):
        run(job([tmp_path / "folder.pcm"]), "cpu")


def test_a_reason_is_one_line_that_postgres_can_store() -> None:
    assert _failure(ValueError("bad \x00 byte\nat 7")) == Failed(code="ValueError", detail="bad  byte")
    assert _failure(KeyError()) == Failed(code="KeyError", detail="KeyError")
