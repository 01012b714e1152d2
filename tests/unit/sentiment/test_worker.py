"""The analysis reads the transcript of a job, and says why it scores no sentiment where it does
not."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from earshot.analysis.errors import Misconfigured
from earshot.analysis.report.sections import Transcript, Turn
from earshot.analysis.text_sentiment.findings import TextSentimentFindings, digest_of
from earshot.analysis.types import TRANSCRIPT, ChunkRef
from earshot.audio.clip import Clip
from earshot.audio.store import transcripts
from earshot.models.checkpoints.defaults import default_release
from earshot.models.text.by_path import identity, open_path
from earshot.settings import settings
from tests.unit.sentiment.calls import call
from workers import text_sentiment

RELEASE = default_release("text_sentiment")


@pytest.fixture(autouse=True)
def unset() -> Iterator[None]:
    yield
    settings.cache_clear()


def analysed(folder: Path, turns: tuple[Turn, ...], language: str | None) -> TextSentimentFindings:
    recording = UUID(int=7)
    uri = transcripts.put(
        f"file://{folder}", recording, 1, Transcript(language=language, turns=turns)
    )
    ref = ChunkRef(
        recording_id=recording, index=TRANSCRIPT, start_ms=0, end_ms=40_000,
        audio_uri=f"file://{folder}/none.pcm", transcript_uri=uri, sample_rate=16_000, channels=2,
        native_rate=8_000,
    )  # fmt: skip
    (found,) = text_sentiment.analyze(text_sentiment.load(RELEASE, "cpu"), [Clip(ref)])
    return found


def turns() -> tuple[Turn, ...]:
    first, *others = [turn for turn in call().turns if turn.text]
    return (
        first,
        *others,
        first.model_copy(update={"id": "t7", "text": "Yes.", "words": first.words[:1]}),
        first.model_copy(update={"id": "t8", "text": "", "words": ()}),
        first.model_copy(update={"id": "t9", "text": "", "words": (), "transcribed": False}),
    )


def test_turns_are_scored_or_have_a_reason(tmp_path: Path) -> None:
    said = turns()
    found = analysed(tmp_path, said, "en-GB")
    by_text = {each.digest: each for each in found.turns}
    broken = by_text[digest_of("it is broken again")]
    assert broken.scores is not None
    assert max(broken.scores, key=broken.scores.__getitem__) == "negative"
    assert sum(broken.scores.values()) == pytest.approx(1)
    assert broken.model == RELEASE.name
    assert [each.reason for each in found.turns[-3:]] == [
        "too_short",
        "no_words",
        "not_transcribed",
    ]
    assert found.models == {"": RELEASE.name}
    answer = found.classification()
    assert answer is not None
    assert set(answer.scores) == set(RELEASE.labels)


@pytest.mark.parametrize("language", ["fr", "de-DE", None])
def test_other_languages_are_not_scored_and_there_is_no_answer(
    tmp_path: Path, language: str | None
) -> None:
    found = analysed(tmp_path, turns()[:4], language)
    assert {each.reason for each in found.turns} == {"language_unsupported"}
    assert {each.scores for each in found.turns} == {None}
    assert found.classification() is None


def test_the_weight_of_the_words_is_that_of_the_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARSHOT_FUSION_TEXT_WEIGHT", "0.3")
    settings.cache_clear()
    assert analysed(tmp_path, turns()[:1], "en").rule.text_weight == 0.3


def test_a_folder_that_is_no_model_is_refused_with_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="is no model of text sentiment"):
        open_path(tmp_path, "cpu")
    (tmp_path / "model.onnx").write_bytes(b"")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(Misconfigured, match="no labels under id2label"):
        open_path(tmp_path, "cpu")
    before = identity(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    assert identity(tmp_path) != before
