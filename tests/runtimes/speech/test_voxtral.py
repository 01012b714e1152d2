"""Voxtral and an adapter over it, loaded through the catalog: they write what transformers,
mistral-common and peft themselves write of the same sound."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Release
from earshot.compute.sound import SAMPLE_RATE, Samples
from earshot.models.checkpoints.location import locate
from earshot.models.emotion.opening import open_labelled
from earshot.models.runtimes import open_release
from earshot.models.voxtral.prompts import Prompts
from earshot.settings import settings
from tests.runtimes.tiny.upstream_voxtral import (
    LANGUAGES,
    SOUNDS,
    chat,
    inputs_of,
    processor,
    text,
    through_pcm,
    upstream,
)
from tests.sounds.synthetic import voice

pytestmark = pytest.mark.runtimes

LONGEST = 500


@pytest.mark.parametrize("name", ["voxtral", "joint"])
def test_it_writes_what_upstream_writes(releases: dict[str, Release], name: str) -> None:
    model, recogniser = upstream(releases, name), open_release(releases[name], "cpu", settings())
    prompts = Prompts(locate(releases["voxtral"], settings()))
    found = recogniser.transcribe(SOUNDS, LANGUAGES, ["Earshot"])
    for samples, language, recognition in zip(SOUNDS, LANGUAGES, found, strict=True):
        inputs = inputs_of(releases, samples, prompts.transcription(375, language))
        tokens, logs = written(model, inputs, samples)
        assert text(recognition) == " ".join(prompts.decode(prompts.text_tokens(tokens)).split())
        assert recognition.words
        assert recognition.log_probability == pytest.approx(np.mean(logs), abs=1e-3)
        assert recognition.language == language
    assert len({text(each) for each in found}) == len(SOUNDS)


def written(model: Any, inputs: Any, samples: Samples) -> tuple[list[int], list[float]]:
    """What ``generate`` writes, as far as it would be read, and the log of the probability of each
    token."""
    out = model.generate(
        **inputs,
        max_new_tokens=LONGEST,
        do_sample=False,
        output_scores=True,
        return_dict_in_generate=True,
    )
    limit = 8 + 15 * len(samples) // SAMPLE_RATE
    tokens = out.sequences[0, inputs["input_ids"].shape[1] :].tolist()[:limit]
    return tokens, [
        float(step[0].log_softmax(-1)[token])
        for step, token in zip(out.scores, tokens, strict=False)
    ]


@pytest.mark.parametrize("name", ["voxtral", "joint"])
def test_it_writes_what_the_documented_request_writes(
    releases: dict[str, Release], name: str
) -> None:
    theirs, model, recogniser = (
        processor(releases),
        upstream(releases, name),
        open_release(releases[name], "cpu", settings()),
    )
    found = recogniser.transcribe([through_pcm(samples) for samples in SOUNDS], LANGUAGES, [])
    for samples, language, recognition in zip(SOUNDS, LANGUAGES, found, strict=True):
        asked = None if language == "und" else language
        inputs = theirs.apply_transcription_request(
            audio=[samples], language=asked, sampling_rate=SAMPLE_RATE, format=["WAV"], model_id="x"
        )
        tokens, logs = written(model, inputs, samples)
        assert text(recognition) == " ".join(
            theirs.tokenizer.decode(tokens, skip_special_tokens=True).split()
        )
        assert recognition.log_probability == pytest.approx(np.mean(logs), abs=1e-3)


def test_tokens_are_those_of_mistral_common(releases: dict[str, Release]) -> None:
    """As ``encode_transcription`` and ``encode_chat_completion`` of mistral-common 1.13.1 gave them
    for this vocabulary."""
    prompts = Prompts(locate(releases["voxtral"], settings()))
    sound = [1, 3, 25, *[24] * 375, 4]
    assert prompts.transcription(375, "en") == [*sound, 304, 98, 141, 150, 34]
    assert prompts.transcription(375, "und") == [*sound, 34]
    question = prompts.question(375, "the happy [INST]é")
    assert question == [
        1,
        3,
        25,
        *[24] * 375,
        156,
        144,
        141,
        72,
        299,
        72,
        131,
        113,
        118,
        123,
        124,
        133,
        235,
        209,
        4,
    ]
    assert prompts.answer("angry") == [300, 301, 161, 2]


def test_tokens_are_those_of_the_library_at_hand(releases: dict[str, Release]) -> None:
    theirs, prompts = processor(releases), Prompts(locate(releases["voxtral"], settings()))
    for language, asked in (("en", "en"), ("und", None), ("hi", "hi")):
        inputs = theirs.apply_transcription_request(
            audio=SOUNDS[:1],
            language=asked,
            sampling_rate=SAMPLE_RATE,
            format=["WAV"],
            model_id="x",
        )
        assert prompts.transcription(375, language) == inputs.input_ids[0].tolist()
    for said in ("How does it sound? happy, angry.", "¿Qué? [INST] </s> ก"):
        inputs = chat(theirs, voice(3), said)
        assert prompts.question(375, said) == inputs.input_ids[0].tolist()


@pytest.mark.parametrize("name", ["voxtral", "joint"])
def test_a_row_does_not_depend_on_its_neighbours(releases: dict[str, Release], name: str) -> None:
    recogniser = open_release(releases[name], "cpu", settings())
    together = recogniser.transcribe(SOUNDS, LANGUAGES, [])
    for samples, language, beside in zip(SOUNDS, LANGUAGES, together, strict=True):
        (alone,) = recogniser.transcribe([samples], [language], [])
        assert [(word.text, word.start_ms, word.end_ms) for word in alone.words] == [
            (word.text, word.start_ms, word.end_ms) for word in beside.words
        ]
        assert alone.log_probability == pytest.approx(beside.log_probability, abs=1e-3)


def test_languages_are_those_of_the_checkpoint(releases: dict[str, Release]) -> None:
    plain, joint = (
        open_release(releases["voxtral"], "cpu", settings()),
        open_release(releases["joint"], "cpu", settings()),
    )
    assert [plain.speaks(code) for code in ("en", "hi", "und", "ar", "ary")] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert [joint.speaks(code) for code in ("en", "hi", "und", "ar")] == [True, False, True, True]


def test_words_are_timed_by_the_aligner_or_spread(releases: dict[str, Release]) -> None:
    english, french = open_release(releases["voxtral"], "cpu", settings()).transcribe(
        SOUNDS[:2], ["en", "fr"], []
    )
    assert {word.timing for word in french.words} == {"interpolated"}
    assert (french.words[0].start_ms, french.words[-1].end_ms) == (0, 9500)
    for recognition, length in ((english, 6000), (french, 9500)):
        edges = [edge for word in recognition.words for edge in (word.start_ms, word.end_ms)]
        assert edges == sorted(edges)
        assert all(0 <= edge <= length for edge in edges)
        assert all(0 < word.confidence <= 1 for word in recognition.words)


def test_a_language_that_the_text_begins_with_is_taken_from_it(
    releases: dict[str, Release],
) -> None:
    from earshot.models.voxtral.network import Text, opened
    from earshot.models.voxtral.recogniser import VoxtralRecogniser

    recogniser = VoxtralRecogniser(opened(releases["voxtral"], "cpu", settings()))
    tokens = recogniser.network.prompts.answer("lang:fr")[:-1] + recogniser.network.prompts.answer(
        " the happy"
    )
    logs = [-0.1] * len(tokens)
    for asked, language in (("und", "fr"), ("en", "en")):
        found = recogniser._recognition(SOUNDS[0], asked, Text(tokens[:-1], logs))
        assert (text(found), found.language) == ("the happy", language)


def test_other_networks_and_vocabularies_are_refused(
    releases: dict[str, Release], tmp_path: Path
) -> None:
    import shutil

    from earshot.models.voxtral.network import Voxtral

    with pytest.raises(Misconfigured, match="is a whisper"):
        Voxtral(locate(releases["whisper"], settings()), None, "cpu")
    shutil.copytree(
        locate(releases["voxtral"], settings()),
        tmp_path / "bare",
        ignore=shutil.ignore_patterns("tekken.json"),
    )
    with pytest.raises(Misconfigured, match=r"tekken\.json is missing"):
        Voxtral(tmp_path / "bare", None, "cpu")
    unlabelled = releases["voxtral-emotion"].model_copy(update={"labels": ()})
    with pytest.raises(Misconfigured, match="needs labels"):
        open_labelled(unlabelled, "cpu", settings())
