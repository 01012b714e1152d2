"""Whisper in both runtimes, loaded through the catalog: it writes what the libraries themselves
write of the same sound."""

import numpy as np
import pytest
from faster_whisper import BatchedInferencePipeline

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Release
from earshot.compute.sound import SAMPLE_RATE
from earshot.models.asr.recogniser import Recognition
from earshot.models.checkpoints.location import locate
from earshot.models.runtimes import open_release
from earshot.models.whisper.faster_whisper import FasterWhisper
from earshot.models.whisper.transformers_whisper import TransformersWhisper
from earshot.settings import settings
from tests.sounds.synthetic import voice

pytestmark = pytest.mark.runtimes

SOUNDS = [voice(6), voice(9.5, 180), voice(2.2, 90)]


@pytest.fixture(scope="module")
def converted(releases: dict[str, Release]) -> FasterWhisper:
    found = open_release(releases["whisper-converted"], "cpu", settings())
    assert isinstance(found, FasterWhisper)
    return found


@pytest.fixture(scope="module")
def whisper(releases: dict[str, Release]) -> TransformersWhisper:
    found = open_release(releases["whisper"], "cpu", settings())
    assert isinstance(found, TransformersWhisper)
    return found


def text(recognition: Recognition) -> str:
    return " ".join(word.text for word in recognition.words)


def in_order(recognition: Recognition, length_ms: int) -> bool:
    edges = [edge for word in recognition.words for edge in (word.start_ms, word.end_ms)]
    return edges == sorted(edges) and all(0 <= edge <= length_ms for edge in edges)


def test_faster_whisper_writes_what_its_own_pipeline_writes(converted: FasterWhisper) -> None:
    found = converted.transcribe(SOUNDS, ["en", "fr", "ary"], [])
    for recognition, samples, code in zip(found, SOUNDS, ("en", "fr", "ar"), strict=True):
        pipeline = BatchedInferencePipeline(converted.model)
        segments, _ = pipeline.transcribe(
            samples, language=code, vad_filter=False, word_timestamps=True
        )
        (segment,) = segments
        words = segment.words or []
        assert len(words) > 8
        assert [word.text for word in recognition.words] == [word.word.strip() for word in words]
        assert [word.confidence for word in recognition.words] == pytest.approx(
            [word.probability for word in words], abs=1e-4
        )
        assert recognition.log_probability == pytest.approx(segment.avg_logprob, abs=1e-3)
        assert recognition.no_speech == pytest.approx(segment.no_speech_prob, abs=1e-6)
        # The pipeline trims the first words after a pause, and lets the last one pass the end of
        # the sound.
        length = round(len(samples) * 1000 / SAMPLE_RATE)
        theirs = [
            (min(length, round(word.start * 1000)), min(length, round(word.end * 1000)))
            for word in words
        ]
        assert [(word.start_ms, word.end_ms) for word in recognition.words][2:] == theirs[2:]
        assert in_order(recognition, length)


def test_transformers_writes_what_generate_writes(
    whisper: TransformersWhisper, releases: dict[str, Release]
) -> None:
    found = whisper.transcribe(SOUNDS, ["en", "fr", "ary"], [])
    import torch
    from transformers import AutoProcessor, WhisperForConditionalGeneration

    folder = locate(releases["whisper"], settings())
    model = WhisperForConditionalGeneration.from_pretrained(folder).eval()
    processor = AutoProcessor.from_pretrained(folder)
    for recognition, samples, code in zip(found, SOUNDS, ("en", "fr", "ar"), strict=True):
        inputs = processor(
            samples, sampling_rate=SAMPLE_RATE, return_tensors="pt", return_attention_mask=True
        )
        wanted = {
            "language": code,
            "task": "transcribe",
            "return_token_timestamps": True,
            "return_dict_in_generate": True,
        }
        out = model.generate(**inputs, **wanted, output_scores=True)
        tokens = [token for token in out["sequences"][0].tolist() if token < 50_257]
        words = processor.tokenizer.decode(tokens).split()
        assert len(words) > 8
        assert text(recognition).split() == words
        # Every made-up word is one token, so that word times and token times can be laid side by
        # side.
        starts = [
            round(time.item() * 1000) for time in out["token_timestamps"][0][-len(tokens) - 1 : -1]
        ]
        assert [word.start_ms for word in recognition.words] == [
            min(start, len(samples) // 16) for start in starts
        ]
        chosen = torch.tensor([*tokens, 50_257])[:, None]
        shares = (
            torch.stack(out["scores"])[:, 0]
            .softmax(-1)[: len(chosen)]
            .gather(-1, chosen[: len(out["scores"])])[:, 0]
        )
        assert [word.confidence for word in recognition.words] == pytest.approx(
            shares[: len(tokens)].tolist(), abs=2e-3
        )
        assert in_order(recognition, len(samples) // 16)


@pytest.mark.parametrize("runtime", ["converted", "whisper"])
def test_a_row_does_not_depend_on_its_neighbours(
    runtime: str, request: pytest.FixtureRequest
) -> None:
    model: FasterWhisper | TransformersWhisper = request.getfixturevalue(runtime)
    languages = ["en", "und", "ary"]
    together = model.transcribe(SOUNDS, languages, ["Earshot"])
    for index, (samples, language) in enumerate(zip(SOUNDS, languages, strict=True)):
        (alone,) = model.transcribe([samples], [language], ["Earshot"])
        assert (text(alone), alone.language) == (text(together[index]), together[index].language)
        assert [word.start_ms for word in alone.words] == [
            word.start_ms for word in together[index].words
        ]
        assert alone.log_probability == pytest.approx(together[index].log_probability, abs=1e-3)
    assert [each.language for each in together[::2]] == ["en", "ary"]


@pytest.mark.parametrize(
    "hotwords", [["word3"], ["Earshot", "Darija"], [f"word{index}" for index in range(90)]]
)
def test_with_hotwords_too_transformers_writes_what_generate_writes(
    whisper: TransformersWhisper, hotwords: list[str]
) -> None:
    prompt = whisper.processor.get_prompt_ids(", ".join(hotwords), return_tensors="pt")[:223]
    found = whisper.transcribe(SOUNDS, ["en"] * 3, hotwords)
    written = []
    for recognition, samples in zip(found, SOUNDS, strict=True):
        inputs = whisper.processor(
            samples, sampling_rate=SAMPLE_RATE, return_tensors="pt", return_attention_mask=True
        )
        (tokens,) = whisper.model.generate(
            **inputs, prompt_ids=prompt, language="en", task="transcribe"
        )
        written.append(whisper.processor.tokenizer.decode(tokens, skip_special_tokens=True))
        assert text(recognition).split() == written[-1].split()
    assert any(written)


@pytest.mark.parametrize("runtime", ["converted", "whisper"])
def test_hotwords_and_language_reach_the_decoder(
    runtime: str, request: pytest.FixtureRequest
) -> None:
    model: FasterWhisper | TransformersWhisper = request.getfixturevalue(runtime)
    (plain,), (hinted,), (other,) = (
        model.transcribe(SOUNDS[:1], [language], hotwords)
        for language, hotwords in (("en", []), ("en", ["Earshot", "Darija"]), ("ja", []))
    )
    assert text(hinted) not in ("", text(plain))
    assert other.log_probability != plain.log_probability
    assert other.language == "ja"


def test_both_hear_the_same_language(
    converted: FasterWhisper, whisper: TransformersWhisper, releases: dict[str, Release]
) -> None:
    inputs = whisper.processor(SOUNDS, sampling_rate=SAMPLE_RATE, return_tensors="pt")
    tokens = whisper.model.detect_language(inputs.input_features).tolist()
    codes = {
        token: code[2:-2] for code, token in whisper.model.generation_config.lang_to_id.items()
    }
    assert [each.language for each in whisper.transcribe(SOUNDS, ["und"] * 3, [])] == [
        codes[token] for token in tokens
    ]
    told = [converted.model.detect_language(samples)[0] for samples in SOUNDS]
    assert [each.language for each in converted.transcribe(SOUNDS, ["und"] * 3, [])] == told


def test_languages(converted: FasterWhisper, whisper: TransformersWhisper) -> None:
    for model in (converted, whisper):
        assert all(model.speaks(language) for language in ("en", "ar", "ary", "jv", "nb", "und"))
        assert not model.speaks("tlh")


def test_an_unconverted_folder_is_one_line(releases: dict[str, Release]) -> None:
    with pytest.raises(Misconfigured, match=r"has no model\.bin; convert it"):
        FasterWhisper(locate(releases["whisper"], settings()), "cpu")


def test_the_shortest_sound(converted: FasterWhisper, whisper: TransformersWhisper) -> None:
    for model in (converted, whisper):
        (found,) = model.transcribe([np.zeros(16, np.float32)], ["en"], [])
        assert in_order(found, 1)
