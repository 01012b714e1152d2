"""A job of emotion with a full model and what rates dimensions beside it, and ``earshot evaluate``
over the same."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from typer.testing import CliRunner

from earshot.analysis.emotion.findings import EmotionFindings
from earshot.analysis.outcome import Skipped, Succeeded
from earshot.analysis.types import ChunkRef, Job, Release
from earshot.compute import cache
from earshot.models.emotion.opening import open_dimensional, open_labelled
from earshot.settings import settings
from evaluation.metrics import Classified, Metrics
from tests import chunks
from tests.chunks import stored
from tests.sounds.audio_files import write
from tests.sounds.synthetic import voice
from workers.run import run

pytestmark = pytest.mark.runtimes


@pytest.fixture
def rated(
    releases: dict[str, Release], monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, Release]]:
    monkeypatch.setenv("EARSHOT_EMOTION_DIMENSIONS", "dimensional")
    settings.cache_clear()
    yield releases
    cache._loaded.clear()
    monkeypatch.undo()
    settings.cache_clear()


def chunk(folder: Path, *spans: tuple[int, int]) -> ChunkRef:
    path = stored(folder / "sound.pcm", voice(8))
    speech = ((0, start, end) for start, end in spans)
    return chunks.chunk(8_000, *speech, recording_id=uuid4(), audio_uri=path)


def test_native_labels_canonical_ones_and_numbers(
    rated: dict[str, Release], tmp_path: Path
) -> None:
    chunks = (
        chunk(tmp_path, (0, 2_000), (3_000, 7_500)),
        chunk(tmp_path),
        chunk(tmp_path, (500, 900)),
    )
    job = Job(
        analysis="emotion", batch_id=uuid4(), release=rated["emotion2vec"], chunks=chunks, sent_at=0
    )
    first, silent, second = run(job, "cpu")
    assert silent == Skipped(reason="no_speech")
    assert isinstance(first, Succeeded)
    assert isinstance(second, Succeeded)
    found = EmotionFindings.model_validate(first.findings)
    assert found.coverage == ("angry", "anxious", "happy", "neutral", "sad", "surprised")
    assert set(found.overall.scores) == set(found.coverage)
    assert found.dimensions_by == "dimensional"
    labelled, numbers = (
        open_labelled(rated["emotion2vec"], "cpu", settings()),
        open_dimensional(rated["dimensional"], "cpu", settings()),
    )
    stored = np.frombuffer((tmp_path / "sound.pcm").read_bytes(), "<i2").astype(np.float32) / 32_768
    for each in found.utterances:
        samples = stored[each.start_ms * 16 : each.end_ms * 16]
        (shares,), (wanted,) = labelled.shares([samples]), numbers.dimensions([samples])
        assert list(each.scores.values()) == pytest.approx(shares.tolist(), abs=1e-4)
        assert each.label_native == labelled.labels[int(shares.argmax())]
        assert (each.valence, each.arousal, each.dominance) == pytest.approx(
            (wanted.valence, wanted.arousal, wanted.dominance), abs=1e-4
        )


def test_evaluate_gives_concordance(rated: dict[str, Release], tmp_path: Path) -> None:
    from cli.__main__ import app

    rows = []
    for index, pitch in enumerate((90, 120, 150, 190, 230)):
        write(tmp_path / f"{index}.wav", voice(4, pitch)[None], 16_000, "pcm_s16le")
        rows.append(
            {
                "path": f"{index}.wav",
                "valence": index / 10 - 0.2,
                "arousal": 0.1 * index,
                "emotion": "sad",
            }
        )
    (tmp_path / "m.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = [
        "evaluate",
        "--manifest",
        str(tmp_path / "m.jsonl"),
        "--root",
        str(tmp_path),
        "--out",
        str(tmp_path / "f.json"),
    ]
    done = CliRunner().invoke(app, [*words, "--checkpoint", "emotion2vec"])
    assert done.exit_code == 0, done.output
    emotion = Metrics.model_validate_json((tmp_path / "f.json").read_text()).root["emotion"]
    assert isinstance(emotion, Classified)
    assert emotion.concordance is not None
    assert emotion.concordance["valence"].n == emotion.concordance["arousal"].n == 5
    assert emotion.concordance["valence"].ccc is not None
    assert emotion.concordance["dominance"].model_dump() == {"n": 0, "ccc": None}  # nobody rated it
    assert set(emotion.labels) <= {"angry", "anxious", "happy", "neutral", "sad", "surprised"}
