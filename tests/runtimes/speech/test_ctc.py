"""Wav2Vec2-BERT with a CTC head, loaded through the catalog: emissions as transformers makes them,
words aligned with them."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Release
from earshot.compute.sound import SAMPLE_RATE
from earshot.models.asr.transformers_ctc import TransformersCtc
from earshot.models.checkpoints.location import locate
from earshot.models.runtimes import open_release
from earshot.settings import settings
from tests.sounds.synthetic import voice

pytestmark = pytest.mark.runtimes

SOUNDS = [voice(3), voice(5.5, 180), voice(1.2, 90)]


@pytest.fixture(scope="module")
def ctc(releases: dict[str, Release]) -> TransformersCtc:
    found = open_release(releases["ctc"], "cpu", settings())
    assert isinstance(found, TransformersCtc)
    return found


def test_emissions_and_text_are_those_of_the_library(
    ctc: TransformersCtc, releases: dict[str, Release]
) -> None:
    import torch
    from transformers import Wav2Vec2BertForCTC, Wav2Vec2BertProcessor

    folder = locate(releases["ctc"], settings())
    processor = Wav2Vec2BertProcessor.from_pretrained(folder)
    model = Wav2Vec2BertForCTC.from_pretrained(folder).eval()
    together = ctc.emissions(SOUNDS)
    for samples, emission, recognition in zip(
        SOUNDS, together, ctc.transcribe(SOUNDS, ["ary"] * 3, []), strict=True
    ):
        with torch.inference_mode():
            logits = model(
                **processor(samples, sampling_rate=SAMPLE_RATE, return_tensors="pt")
            ).logits
        assert torch.allclose(emission, logits[0].log_softmax(-1), atol=1e-4)
        (text,) = processor.batch_decode(logits.argmax(-1))
        assert " ".join(word.text for word in recognition.words) == " ".join(
            text.replace("<unk>", "").split()
        )
        assert recognition.language == "ary"


FAMILY = [
    f"ctc-{kind}-{norm}" for kind in ("wav2vec2", "hubert", "wavlm") for norm in ("group", "layer")
]


@pytest.mark.parametrize("name", ["ctc", *FAMILY])
def test_a_row_does_not_depend_on_its_neighbours(releases: dict[str, Release], name: str) -> None:
    model = open_release(releases[name], "cpu", settings())
    assert isinstance(model, TransformersCtc)
    together, said = model.emissions(SOUNDS), model.transcribe(SOUNDS, ["en"] * 3, [])
    for samples, emission, recognition in zip(SOUNDS, together, said, strict=True):
        (alone,), (told,) = model.emissions([samples]), model.transcribe([samples], ["en"], [])
        assert emission.shape == alone.shape
        assert (emission - alone).abs().max() < 1e-3
        assert [word.text for word in recognition.words] == [word.text for word in told.words] != []


@pytest.mark.parametrize("name", ["ctc-wav2vec2-group", "ctc-wav2vec2-layer"])
def test_alone_a_row_is_what_the_library_makes_of_it(
    releases: dict[str, Release], name: str
) -> None:
    import torch
    from transformers import Wav2Vec2ForCTC, Wav2Vec2Processor

    model, folder = (
        open_release(releases[name], "cpu", settings()),
        locate(releases[name], settings()),
    )
    assert isinstance(model, TransformersCtc)
    processor, theirs = (
        Wav2Vec2Processor.from_pretrained(folder),
        Wav2Vec2ForCTC.from_pretrained(folder).eval(),
    )
    for samples, emission in zip(SOUNDS, model.emissions(SOUNDS), strict=True):
        with torch.inference_mode():
            logits = theirs(
                **processor(samples, sampling_rate=SAMPLE_RATE, return_tensors="pt")
            ).logits
        assert torch.allclose(emission, logits[0].log_softmax(-1), atol=1e-3)


def test_the_hubs_files_are_the_same_checkpoint(
    releases: dict[str, Release], ctc: TransformersCtc, tmp_path: Path
) -> None:
    """As fine-tunes of facebook/w2v-bert-2.0 before transformers 5 have them: the extractor in a
    file of its own."""
    folder = Path(shutil.copytree(locate(releases["ctc"], settings()), tmp_path / "hub"))
    held = json.loads((folder / "processor_config.json").read_text())["feature_extractor"]
    (folder / "processor_config.json").unlink()
    (folder / "preprocessor_config.json").write_text(
        json.dumps(held | {"processor_class": "Wav2Vec2BertProcessor"})
    )
    special = {"unk_token": "<unk>", "pad_token": "<pad>"}
    named = {
        "tokenizer_class": "Wav2Vec2CTCTokenizer",
        "processor_class": "Wav2Vec2BertProcessor",
        "word_delimiter_token": "|",
    }
    (folder / "tokenizer_config.json").write_text(
        json.dumps(special | named | {"bos_token": None, "eos_token": None})
    )
    (folder / "special_tokens_map.json").write_text(json.dumps(special))
    found = TransformersCtc(folder, "cpu")
    assert type(found._features) is type(ctc._features)
    assert found.transcribe(SOUNDS, ["ary"] * 3, []) == ctc.transcribe(SOUNDS, ["ary"] * 3, [])


def test_a_network_whose_rows_hear_one_another_is_refused(
    releases: dict[str, Release], tmp_path: Path
) -> None:
    from tests.runtimes.tiny import ctc as tiny_ctc

    tiny_ctc.save_family(tmp_path / "conformer", "wav2vec2-conformer", "layer")
    with pytest.raises(
        Misconfigured,
        match="is a wav2vec2-conformer; transformers-ctc knows wav2vec2-bert, wav2vec2, ",
    ):
        TransformersCtc(tmp_path / "conformer", "cpu")


def test_a_checkpoint_in_half_precision_is_heard_on_a_cpu(releases: dict[str, Release]) -> None:
    halved, whole = (
        open_release(releases[name], "cpu", settings())
        for name in ("ctc-half", "ctc-wav2vec2-layer")
    )
    assert isinstance(halved, TransformersCtc)
    assert isinstance(whole, TransformersCtc)
    for ours, other in zip(halved.emissions(SOUNDS), whole.emissions(SOUNDS), strict=True):
        assert (ours - other).abs().max() < 0.5  # the same weights, rounded


def test_words_lie_where_their_letters_are(ctc: TransformersCtc) -> None:
    for samples, recognition in zip(SOUNDS, ctc.transcribe(SOUNDS, ["ary"] * 3, []), strict=True):
        (emission,) = ctc.emissions([samples])
        path, blank = emission.argmax(-1).tolist(), ctc.processor.tokenizer.pad_token_id
        frame_ms = len(samples) * 1000 / SAMPLE_RATE / len(path)
        edges = [edge for word in recognition.words for edge in (word.start_ms, word.end_ms)]
        assert edges == sorted(edges)
        for word in recognition.words:
            assert (word.timing, 0 < word.confidence <= 1) == ("aligned", True)
            inside = path[round(word.start_ms / frame_ms) : round(word.end_ms / frame_ms)]
            heard = [
                token
                for index, token in enumerate(inside)
                if token != blank and inside[index - 1 : index] != [token]
            ]
            assert (
                ctc.processor.tokenizer.decode(heard, group_tokens=False)
                .replace("<unk>", "")
                .strip()
                == word.text
            )


def test_the_shortest_sound_and_the_empty_text(ctc: TransformersCtc) -> None:
    found = ctc.transcribe(
        [np.zeros(1, np.float32), np.zeros(1600, np.float32)], ["ar", "ar"], ["Earshot"]
    )
    assert all(
        0 <= word.start_ms <= word.end_ms <= 100
        for recognition in found
        for word in recognition.words
    )
    assert not ctc.speaks("und")


def test_the_best_path_is_the_forced_alignment_of_its_text(ctc: TransformersCtc) -> None:
    import torch
    from torchaudio.functional import forced_align

    blank = ctc.processor.tokenizer.pad_token_id
    for emission in ctc.emissions(SOUNDS):
        path = emission.argmax(-1)
        text = torch.unique_consecutive(path)
        aligned, scores = forced_align(emission[None], text[text != blank][None].int(), blank=blank)
        assert torch.equal(aligned[0].long(), path)
        assert torch.equal(scores[0], emission.max(-1).values)


def test_letters_pauses_and_what_is_no_letter() -> None:
    from earshot.models.asr.ctc_best_path import Alphabet, words_on

    alphabet = Alphabet(between=1, unheard=(0, 4), written=" |ab?".__getitem__)
    path = np.array([0, 2, 2, 0, 2, 3, 1, 0, 4, 1, 3, 3, 0], np.int64)
    shares = np.array([0.9, 0.8, 0.6, 0.9, 0.5, 0.5, 0.9, 0.9, 0.9, 0.9, 1.0, 0.5, 0.9], np.float32)
    words, mean = words_on(path, shares, alphabet, 20.0, 235)
    assert [(word.text, word.start_ms, word.end_ms, word.timing) for word in words] == [
        ("aab", 20, 120, "aligned"),
        ("b", 200, 235, "aligned"),
    ]
    assert [word.confidence for word in words] == pytest.approx([0.6, 0.75])
    assert mean == pytest.approx(np.log([0.7, 0.5, 0.5, 0.75]).mean())
    assert words_on(np.zeros(3, np.int64), shares[:3], alphabet, 20.0, 60) == ((), None)
