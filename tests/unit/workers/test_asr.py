"""Speech becomes words at the right time on the right channel, independent of earlier decodes. On
the demo call."""

import json
from pathlib import Path
from uuid import UUID

import pytest

from earshot.analysis.errors import Misconfigured
from earshot.analysis.findings import AsrFindings
from earshot.analysis.outcome import Failed, Skipped
from earshot.analysis.types import Utterance
from earshot.analysis.words.spelling import compared
from earshot.audio.clip import Clip
from earshot.audio.plan import speech_in
from earshot.audio.prepare import Prepared, prepare
from earshot.models.checkpoints.defaults import default_releases
from tests.chunks import chunk
from workers import asr
from workers.asr.routes import Recognisers

DEMO = Path(__file__).resolve().parents[3] / "demo"


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepare(DEMO / "call.ogg", UUID(int=1), f"file://{tmp_path_factory.mktemp('store')}")


@pytest.fixture(scope="module")
def decoder() -> Recognisers:
    return asr.load(default_releases()["asr"], "cpu")


def clip(
    call: Prepared,
    start_ms: int,
    end_ms: int,
    speech: tuple[Utterance, ...] | None = None,
    language: str = "en",
) -> Clip:
    span = Utterance(start_ms=start_ms, end_ms=end_ms, channel=0)
    heard = speech_in(span, call.utterances) if speech is None else speech
    ref = chunk(
        end_ms,
        start_ms=start_ms,
        audio_uri=call.audio[16_000],
        channels=call.channels,
        native_rate=call.native_rate,
        roles=("agent", "customer"),
        language=language,
        speech=heard,
    )
    return Clip(ref)


def test_words_are_on_the_recordings_time_line_and_on_their_channel(
    call: Prepared, decoder: Recognisers
) -> None:
    (found,) = asr.analyze(decoder, [clip(call, 58_500, 69_000)])
    assert isinstance(found, AsrFindings)
    spoken = [
        u
        for u in json.loads((DEMO / "call.json").read_text())["utterances"]
        if 58_500 <= u["start_ms"] < 69_000
    ]
    for utterance in spoken:
        near = {
            "start_ms": utterance["start_ms"] - 300,
            "end_ms": utterance["end_ms"] + 300,
            "channel": utterance["channel"],
        }
        words = [
            compared(w.text)
            for w in found.words
            if w.channel == near["channel"]
            and near["start_ms"] <= w.start_ms
            and w.end_ms <= near["end_ms"]
        ]
        known = utterance["text"].split()
        assert len(set(words) & set(known)) >= 0.6 * len(set(known)), (utterance["text"], words)
    assert all(word.text.isascii() and not set(word.text) & set("()<>[]+") for word in found.words)
    assert found.language == "en"


def test_what_was_decoded_before_does_not_matter(call: Prepared, decoder: Recognisers) -> None:
    first, second = clip(call, 0, 12_000), clip(call, 34_000, 47_000)
    forward = asr.analyze(decoder, [first, second])
    backward = asr.analyze(decoder, [second, first])
    assert forward == backward[::-1]
    assert forward[0] == asr.analyze(asr.load(default_releases()["asr"], "cpu"), [first])[0]


def test_without_speech_it_is_skipped(call: Prepared, decoder: Recognisers) -> None:
    assert asr.analyze(decoder, [clip(call, 24_000, 30_000, speech=())]) == [
        Skipped(reason="no_speech")
    ]


@pytest.mark.parametrize("language", ["de", "de-AT", "fr", "zh-Hant-TW", "enm", "und"])
def test_another_language_is_not_turned_into_english_words(
    call: Prepared, decoder: Recognisers, language: str
) -> None:
    (refused,) = asr.analyze(decoder, [clip(call, 0, 12_000, language=language)])
    assert isinstance(refused, Failed)
    assert refused.code == "language_unsupported"
    assert refused.detail.startswith(f"{default_releases()['asr'].name} supports en")
    assert (f"not {language.partition('-')[0]}" in refused.detail) == (language != "und")


def test_english_of_any_region_is_decoded(call: Prepared, decoder: Recognisers) -> None:
    found = asr.analyze(decoder, [clip(call, 0, 6_000, language=name) for name in ("en-GB", "EN")])
    assert all(isinstance(answer, AsrFindings) and answer.words for answer in found)


def test_another_runtime_is_refused() -> None:
    release = default_releases()["asr"].model_copy(update={"runtime": "ctranslate2"})
    with pytest.raises(Misconfigured, match="ctranslate2"):
        asr.load(release, "cpu")
