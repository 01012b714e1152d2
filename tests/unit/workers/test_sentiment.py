"""Sentiment of a chunk by the released checkpoint: what it answers, and when it abstains."""

from dataclasses import replace
from pathlib import Path

import pytest

from earshot.analysis.findings import UNCLEAR, SentimentFindings
from earshot.audio.clip import Clip
from earshot.models.checkpoints.defaults import default_releases
from earshot.models.sentiment import SentimentModel
from tests.chunks import chunk, stored
from tests.sounds.voices import voice
from workers import sentiment

ROLES = ("agent", "customer")


@pytest.fixture(scope="module")
def model() -> SentimentModel:
    return sentiment.load(default_releases()["sentiment"], "cpu")


def found(model: SentimentModel, folder: Path) -> SentimentFindings:
    path = stored(folder / "a.pcm", voice(2.0))
    (answer,) = sentiment.analyze(model, [Clip(chunk(2000, (0, 0, 2000), audio_uri=path))])
    assert isinstance(answer, SentimentFindings)
    return answer


def test_the_release_says_from_which_share_each_role_answers(model: SentimentModel) -> None:
    assert set(model.answered_from) == set(ROLES)
    assert all(1 / 3 < least < 1 for least in model.answered_from.values())


def test_a_chunk_below_the_least_share_is_unclear(model: SentimentModel, tmp_path: Path) -> None:
    answer = found(replace(model, answered_from=dict.fromkeys(ROLES, 1.0)), tmp_path)
    assert (answer.overall.label, answer.overall.abstained) == (UNCLEAR, True)
    assert answer.overall.confidence == max(answer.overall.scores.values())
    assert {item.answered_from for item in answer.utterances} == {1.0}, "the report needs them"


def test_without_a_least_share_every_chunk_is_answered(
    model: SentimentModel, tmp_path: Path
) -> None:
    answer = found(replace(model, answered_from=dict.fromkeys(ROLES, 0.0)), tmp_path)
    assert not answer.overall.abstained
    assert answer.overall.label == max(
        answer.overall.scores, key=lambda n: answer.overall.scores[n]
    )
