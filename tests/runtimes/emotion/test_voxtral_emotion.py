"""Voxtral asked about emotion: its shares are those that one label after the other has in
transformers and peft."""

from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from earshot.analysis.emotion.findings import EmotionFindings
from earshot.analysis.findings import AsrFindings
from earshot.analysis.outcome import Succeeded
from earshot.analysis.types import Job, Release
from earshot.compute import cache
from earshot.models.checkpoints.location import locate
from earshot.models.emotion.opening import open_labelled
from earshot.models.runtimes import open_release
from earshot.models.voxtral.emotion import VoxtralEmotion
from earshot.models.voxtral.prompts import Prompts
from earshot.settings import settings
from tests.runtimes.emotion.test_emotion_worker import chunk
from tests.runtimes.tiny.upstream_voxtral import SOUNDS, inputs_of, upstream
from tests.sounds.synthetic import voice
from workers.run import run

pytestmark = pytest.mark.runtimes


@pytest.mark.parametrize("name", ["voxtral-emotion", "joint-emotion"])
def test_shares_are_those_of_one_label_after_the_other(
    releases: dict[str, Release], name: str
) -> None:
    import torch

    model, prompts = upstream(releases, name), Prompts(locate(releases["voxtral"], settings()))
    emotion = open_labelled(releases[name], "cpu", settings())
    utterances = [*SOUNDS, voice(34)]  # more than a window
    question = (
        "How does the speaker feel? Answer with one of these words: happy, angry, neutral, anxious."
    )
    answers = ["happy", "angry", "neutral", "anxious"]
    if name == "joint-emotion":
        question, answers = (
            "Which is the mood? Happy, angry, neutral, Anxious",
            ["Happy", "angry", "neutral", "Anxious"],
        )
    found = emotion.shares(utterances)
    for samples, shares in zip(utterances, found, strict=True):
        logs = []
        for answer in answers:
            tokens = prompts.answer(answer)
            asked = prompts.question(375 * -(-len(samples) // 480_000), question)
            inputs = inputs_of(releases, samples, [*asked, *tokens])
            with torch.no_grad():
                said = model(**inputs).logits[0, len(asked) - 1 : -1].log_softmax(-1)
            logs.append(float(said.gather(-1, torch.tensor(tokens)[:, None]).sum()))
        # By their logs: random weights are nearly sure of one label, and the others have to be
        # right too.
        assert np.log(shares) == pytest.approx(logs - np.logaddexp.reduce(logs), abs=5e-3)
        assert shares.sum() == pytest.approx(1, abs=1e-5)
    assert not np.allclose(np.log(found[0]), np.log(found[1]), atol=0.1)


def test_an_utterance_does_not_depend_on_its_neighbours(releases: dict[str, Release]) -> None:
    emotion = open_labelled(releases["joint-emotion"], "cpu", settings())
    utterances = [*SOUNDS, voice(31), np.zeros(10, np.float32)]
    alone = [emotion.shares([samples])[0] for samples in utterances]
    for mine, beside in zip(alone, emotion.shares(utterances), strict=True):
        assert np.log(mine) == pytest.approx(np.log(beside), abs=5e-3)
    assert isinstance(emotion, VoxtralEmotion)
    together = emotion.logs(SOUNDS)  # in one pass, as on a GPU
    for mine, logs in zip(alone, together, strict=False):
        assert np.log(mine) == pytest.approx(logs - np.logaddexp.reduce(logs), abs=5e-3)


def test_one_process_answers_two_analyses_with_one_network(
    releases: dict[str, Release], tmp_path: Path
) -> None:
    spans = ((0, 2_000), (3_000, 7_500))
    found = {}
    for name in ("joint", "joint-emotion"):
        release = releases[name]
        job = Job(
            analysis=release.analysis,
            batch_id=uuid4(),
            release=release,
            chunks=(chunk(tmp_path, *spans),),
            sent_at=0,
        )
        (outcome,) = run(job, "cpu")
        assert isinstance(outcome, Succeeded), outcome
        found[release.analysis] = outcome.findings
    words = AsrFindings.model_validate(found["asr"])
    assert words.language == "en"
    assert words.words or words.suppressed_text
    moods = EmotionFindings.model_validate(found["emotion"])
    assert moods.coverage == ("happy", "angry", "neutral", "anxious")
    assert [(each.start_ms, each.end_ms) for each in moods.utterances] == list(spans)
    assert all(
        each.label_native in moods.coverage and each.valence is None for each in moods.utterances
    )
    recognisers, moody = (
        cache.get(None, releases[name], "cpu") for name in ("joint", "joint-emotion")
    )
    assert recognisers.of("en")[1].network is moody.labelled.network


def test_both_halves_of_a_joint_checkpoint_are_loaded_once(releases: dict[str, Release]) -> None:
    recogniser, emotion = (
        open_release(releases["joint"], "cpu", settings()),
        open_labelled(releases["joint-emotion"], "cpu", settings()),
    )
    other = open_labelled(releases["voxtral-emotion"], "cpu", settings())
    assert recogniser.network is emotion.network  # type: ignore[attr-defined]
    assert other.network is not emotion.network  # type: ignore[attr-defined]
    assert len({locate(releases[name], settings()) for name in ("joint", "joint-emotion")}) == 1
