"""The metadata of ONNX checkpoints: what is written is read, and what is wrong is named."""

import json

import pytest

from earshot.analysis.errors import Misconfigured
from earshot.audio.features.spectra import YAMNET
from earshot.audio.features.windows import WindowSpec
from earshot.models.checkpoints import catalog
from earshot.models.metadata import (
    HeadMetadata,
    LanguageMetadata,
    Metadata,
    SentimentMetadata,
    SpeakerMetadata,
    TextSentimentMetadata,
    WindowedMetadata,
    properties,
    read,
)
from earshot.models.onnx_model import open_model
from earshot.settings import settings

WINDOWED = WindowedMetadata(
    labels=("a", "b"),
    window=WindowSpec(mel=YAMNET, length=96, hop=48),
    mean=(0.0,) * 64,
    std=(1.0,) * 64,
    temperature=0.5,
)

KINDS = {
    "scene-embedded-4": WindowedMetadata,
    "noise-embedded-5": WindowedMetadata,
    "noise-yamnet-2": HeadMetadata,
    "sentiment-embedded-3": SentimentMetadata,
    "emotion-embedded-2": WindowedMetadata,
    "diarization-embedded-1": SpeakerMetadata,
    "language-embedded-1": LanguageMetadata,
    "text-sentiment-embedded-1": TextSentimentMetadata,
}


@pytest.mark.parametrize(
    "entry", [each for each in catalog.load() if each.kind == "embedded"], ids=lambda e: e.name
)
def test_every_key_of_an_embedded_checkpoint_is_known_and_written_again_as_it_was(
    entry: catalog.Checkpoint,
) -> None:
    onnx = open_model(entry.release(), settings())
    found = onnx.metadata(KINDS[entry.name])
    again = {key: json.loads(value) for key, value in properties(found).items()}
    assert again == {key: json.loads(value) for key, value in onnx.properties.items()}


def test_what_is_written_is_read() -> None:
    assert read(WindowedMetadata, properties(WINDOWED), "x") == WINDOWED
    assert "pooled_temperature" not in properties(WINDOWED)
    assert read(Metadata, properties(WINDOWED), "x").pooled_temperature == 1.0


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("window", None, "its metadata lacks window;"),
        ("temperature", None, "its metadata lacks temperature;"),
        ("temperature", "0", "has a wrong temperature: Input should be greater than 0"),
        ("temperature", "NaN", "has a wrong temperature: Input should be a finite number"),
        ("std", "[1.0]", "std has 1 numbers for 64 bands"),
        ("mean", '["loud"]', "has a wrong mean.0: Input should be a valid number"),
        ("labels", "names", "has a wrong labels: Input should be a valid tuple"),
        ("window", '{"length": 96, "hop": 48}', "its metadata lacks window.mel;"),
    ],
)
def test_a_key_that_is_missing_or_wrong_is_named(key: str, value: str | None, says: str) -> None:
    stored = properties(WINDOWED) | ({key: value} if value is not None else {})
    if value is None:
        del stored[key]
    with pytest.raises(Misconfigured) as raised:
        read(WindowedMetadata, stored, "own-1")
    assert raised.value.code == "checkpoint"
    assert says in str(raised.value)
    assert str(raised.value).startswith("own-1: ")
    assert "\n" not in str(raised.value)


def test_a_window_with_an_unknown_key_is_refused_and_other_unknown_keys_are_not() -> None:
    window = json.loads(properties(WINDOWED)["window"])
    changed = {"window": json.dumps(window | {"stretch": 2})}
    with pytest.raises(Misconfigured, match=r"wrong window\.stretch"):
        read(WindowedMetadata, properties(WINDOWED) | changed, "x")
    assert read(WindowedMetadata, properties(WINDOWED) | {"author": "me"}, "x") == WINDOWED
