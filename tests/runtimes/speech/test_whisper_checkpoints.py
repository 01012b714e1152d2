"""Checkpoints of Whisper as people have them: the hub's files, older ones, and fine-tunes that
leave half of them out."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Release
from earshot.compute.sound import SAMPLE_RATE
from earshot.models.asr.recogniser import Recognition
from earshot.models.checkpoints.location import locate
from earshot.models.whisper.faster_whisper import FasterWhisper
from earshot.models.whisper.transformers_whisper import TransformersWhisper
from earshot.settings import settings
from tests.sounds.synthetic import voice

pytestmark = pytest.mark.runtimes

SOUNDS = [voice(6), voice(9.5, 180)]
LANGUAGES = ["ar", "und"]


@pytest.fixture(scope="module")
def wanted(releases: dict[str, Release]) -> list[Recognition]:
    return TransformersWhisper(locate(releases["whisper"], settings()), "cpu").transcribe(
        SOUNDS, LANGUAGES, ["Earshot"]
    )


@pytest.fixture
def hub(releases: dict[str, Release], tmp_path: Path) -> Path:
    """The hub's files, to be changed."""
    return Path(shutil.copytree(locate(releases["whisper-hub"], settings()), tmp_path / "hub"))


def said(found: Sequence[Recognition]) -> list[tuple[str, list[str]]]:
    return [(each.language, [word.text for word in each.words]) for each in found]


def change(path: Path, **values: object) -> None:
    """None takes a key out."""
    held = json.loads(path.read_text()) | values
    path.write_text(json.dumps({name: value for name, value in held.items() if value is not None}))


@pytest.mark.parametrize(
    "without", [(), ("tokenizer.json",), ("vocab.json", "merges.txt", "added_tokens.json")]
)
def test_the_hubs_files_are_the_same_checkpoint(
    hub: Path, wanted: list[Recognition], without: Sequence[str]
) -> None:
    for name in without:
        (hub / name).unlink()
    found = TransformersWhisper(hub, "cpu").transcribe(SOUNDS, LANGUAGES, ["Earshot"])
    assert said(found) == said(wanted)
    times = [[(word.start_ms, word.end_ms) for word in each.words] for each in found]
    assert times == [[(word.start_ms, word.end_ms) for word in each.words] for each in wanted]


@pytest.mark.parametrize("left", ["no file", "of the config alone", "no heads"])
def test_a_fine_tune_without_a_whole_generation_config_is_completed(
    hub: Path, wanted: list[Recognition], left: str
) -> None:
    path = hub / "generation_config.json"
    if left == "no heads":
        change(path, alignment_heads=None)
    else:
        kept = {
            name: json.loads(path.read_text())[name]
            for name in ("eos_token_id", "begin_suppress_tokens")
        }
        path.write_text(json.dumps({"_from_model_config": True, **kept}))
    if left == "no file":
        path.unlink()
    model = TransformersWhisper(hub, "cpu")
    assert all(model.speaks(language) for language in ("en", "ar", "ary", "jv", "und"))
    assert not model.speaks("tlh")
    found = model.transcribe(SOUNDS, LANGUAGES, ["Earshot"])
    assert said(found) == said(wanted)
    for recognition, samples in zip(found, SOUNDS, strict=True):
        edges = [edge for word in recognition.words for edge in (word.start_ms, word.end_ms)]
        assert edges == sorted(edges)
        assert edges[-1] == round(len(samples) * 1000 / SAMPLE_RATE)
        assert len(set(edges)) > 3


def test_without_heads_of_its_own_it_is_aligned_as_ctranslate2_does(hub: Path) -> None:
    """Its converter and openai/whisper take all heads of the decoder's upper half."""
    from tests.runtimes.tiny import whisper

    change(hub / "generation_config.json", alignment_heads=None)
    whisper.convert(hub, hub.parent / "converted")
    theirs = json.loads((hub.parent / "converted" / "config.json").read_text())["alignment_heads"]
    assert TransformersWhisper(hub, "cpu").model.generation_config.alignment_heads == theirs


def test_heads_of_another_model_are_one_line(hub: Path) -> None:
    change(hub / "generation_config.json", alignment_heads=[[3, 1], [1, 3]])
    with pytest.raises(
        Misconfigured,
        match=r"alignment_heads of another model; take them out, or copy the file of the model",
    ):
        TransformersWhisper(hub, "cpu")


def test_a_tokenizer_that_is_not_whispers_is_one_line(hub: Path) -> None:
    text = (hub / "tokenizer.json").read_text().replace("<|notimestamps|>", "<|notime|>")
    (hub / "tokenizer.json").write_text(text)
    change(hub / "tokenizer_config.json", additional_special_tokens=None)
    for name in ("added_tokens.json", "special_tokens_map.json", "vocab.json", "merges.txt"):
        (hub / name).unlink()
    with pytest.raises(
        Misconfigured,
        match=r"has no <\|notimestamps\|>; copy that of the model this one was tuned from",
    ):
        TransformersWhisper(hub, "cpu")


def test_a_conversion_that_cannot_tell_languages_is_one_line(hub: Path) -> None:
    """What the converter makes of a fine-tune without a generation config."""
    from tests.runtimes.tiny import whisper

    (hub / "generation_config.json").unlink()
    whisper.convert(hub, hub.parent / "converted")
    with pytest.raises(
        Misconfigured,
        match=r"has no lang_ids, the tokens of its languages; convert it again with the",
    ):
        FasterWhisper(hub.parent / "converted", "cpu")


def test_a_conversion_that_does_not_say_its_mels_is_one_line(hub: Path) -> None:
    """As large-v3 has 128 of them."""
    from tests.runtimes.tiny import whisper

    whisper.save(hub.parent / "large", mels=128)
    whisper.convert(hub.parent / "large", hub.parent / "converted")
    with pytest.raises(
        Misconfigured,
        match=r"takes 128 mels, but has no matching preprocessor_config\.json; copy that",
    ):
        FasterWhisper(hub.parent / "converted", "cpu")
