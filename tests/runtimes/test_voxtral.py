"""Voxtral and an adapter over it, loaded through the catalog: they write what transformers, mistral-common and peft themselves
make of the same sound, and answer what they are asked about emotion with the shares that one label after the other has."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.errors import Misconfigured
from analysis.types import Release
from models.asr_runtimes import open_local
from models.checkpoint_file import locate, locate_parts
from models.emotion_runtimes import open_labelled
from models.recogniser import SAMPLE_RATE, Recognition, Samples
from models.voxtral_prompts import Prompts
from tests.runtimes.sounds import voice

pytestmark = pytest.mark.runtimes

SOUNDS = [voice(6), voice(9.5, 180), voice(2.2, 90)]
LANGUAGES = ["en", "und", "fr"]
LONGEST = 500


def text(recognition: Recognition) -> str:
    return " ".join(word.text for word in recognition.words)


def upstream(releases: dict[str, Release], name: str) -> Any:
    """The network as transformers and peft open it, nothing merged."""
    from peft import PeftModel
    from transformers import VoxtralForConditionalGeneration

    *base, own = locate_parts(releases[name]).paths
    model = VoxtralForConditionalGeneration.from_pretrained(base[0] if base else own).eval()
    return PeftModel.from_pretrained(model, own).eval() if base else model


def processor(releases: dict[str, Release]) -> Any:
    """Upstream's own, where mistral-common is installed (docs/asr.md); its tokens are held to here in any case."""
    pytest.importorskip("mistral_common", reason="upstream's processor needs it: docs/asr.md")
    from transformers import VoxtralProcessor

    return VoxtralProcessor.from_pretrained(locate(releases["voxtral"]))


def inputs_of(releases: dict[str, Release], samples: Samples, prompt: list[int]) -> dict[str, Any]:
    """What transformers takes for a prompt with places for the sound."""
    import torch
    from transformers import WhisperFeatureExtractor

    extractor = WhisperFeatureExtractor.from_pretrained(locate(releases["voxtral"]))
    windows = -(-len(samples) // 480_000)
    features = extractor(
        samples, sampling_rate=SAMPLE_RATE, padding="max_length", max_length=windows * 480_000, return_tensors="pt"
    )
    split = torch.stack(features.input_features[0].chunk(windows, dim=-1))
    return {"input_ids": torch.tensor([prompt]), "input_features": split}


def through_pcm(samples: Samples) -> Samples:
    """As upstream's processor hears it, which writes a WAV file of 16 bits first."""
    soundfile = pytest.importorskip("soundfile")
    import io

    buffer = io.BytesIO()
    soundfile.write(buffer, samples, SAMPLE_RATE, format="WAV")
    buffer.seek(0)
    return np.asarray(soundfile.read(buffer, dtype="float32")[0], dtype=np.float32)


@pytest.mark.parametrize("name", ["voxtral", "joint"])
def test_it_writes_what_upstream_writes(releases: dict[str, Release], name: str) -> None:
    model, recogniser = upstream(releases, name), open_local(releases[name], "cpu")
    prompts = Prompts(locate(releases["voxtral"]))
    found = recogniser.transcribe(SOUNDS, LANGUAGES, ["Earshot"])
    for samples, language, recognition in zip(SOUNDS, LANGUAGES, found, strict=True):
        inputs = inputs_of(releases, samples, prompts.transcription(375, language))
        tokens, logs = written(model, inputs, samples)
        assert text(recognition) == " ".join(prompts.decode(prompts.said(tokens)).split())
        assert recognition.words
        assert recognition.log_probability == pytest.approx(np.mean(logs), abs=1e-3)
        assert recognition.language == language
    assert len({text(each) for each in found}) == len(SOUNDS)


def written(model: Any, inputs: Any, samples: Samples) -> tuple[list[int], list[float]]:
    """What ``generate`` writes, as far as it would be read, and the log of the probability of each token."""
    out = model.generate(**inputs, max_new_tokens=LONGEST, do_sample=False, output_scores=True, return_dict_in_generate=True)
    limit = 8 + 15 * len(samples) // SAMPLE_RATE
    tokens = out.sequences[0, inputs["input_ids"].shape[1] :].tolist()[:limit]
    return tokens, [float(step[0].log_softmax(-1)[token]) for step, token in zip(out.scores, tokens, strict=False)]


@pytest.mark.parametrize("name", ["voxtral", "joint"])
def test_it_writes_what_the_documented_request_writes(releases: dict[str, Release], name: str) -> None:
    theirs, model, recogniser = processor(releases), upstream(releases, name), open_local(releases[name], "cpu")
    found = recogniser.transcribe([through_pcm(samples) for samples in SOUNDS], LANGUAGES, [])
    for samples, language, recognition in zip(SOUNDS, LANGUAGES, found, strict=True):
        asked = None if language == "und" else language
        inputs = theirs.apply_transcription_request(
            audio=[samples], language=asked, sampling_rate=SAMPLE_RATE, format=["WAV"], model_id="x"
        )
        tokens, logs = written(model, inputs, samples)
        assert text(recognition) == " ".join(theirs.tokenizer.decode(tokens, skip_special_tokens=True).split())
        assert recognition.log_probability == pytest.approx(np.mean(logs), abs=1e-3)


def test_tokens_are_those_of_mistral_common(releases: dict[str, Release]) -> None:
    """As ``encode_transcription`` and ``encode_chat_completion`` of mistral-common 1.13.1 gave them for this vocabulary."""
    prompts = Prompts(locate(releases["voxtral"]))
    sound = [1, 3, 25, *[24] * 375, 4]
    assert prompts.transcription(375, "en") == [*sound, 304, 98, 141, 150, 34]
    assert prompts.transcription(375, "und") == [*sound, 34]
    question = prompts.question(375, "the happy [INST]é")
    assert question == [1, 3, 25, *[24] * 375, 156, 144, 141, 72, 299, 72, 131, 113, 118, 123, 124, 133, 235, 209, 4]
    assert prompts.answer("angry") == [300, 301, 161, 2]


def test_tokens_are_those_of_the_library_at_hand(releases: dict[str, Release]) -> None:
    theirs, prompts = processor(releases), Prompts(locate(releases["voxtral"]))
    for language, asked in (("en", "en"), ("und", None), ("hi", "hi")):
        inputs = theirs.apply_transcription_request(
            audio=SOUNDS[:1], language=asked, sampling_rate=SAMPLE_RATE, format=["WAV"], model_id="x"
        )
        assert prompts.transcription(375, language) == inputs.input_ids[0].tolist()
    for said in ("How does it sound? happy, angry.", "¿Qué? [INST] </s> ก"):
        inputs = chat(theirs, voice(3), said)
        assert prompts.question(375, said) == inputs.input_ids[0].tolist()


def chat(theirs: Any, samples: Samples, said: str) -> Any:
    import base64
    import io

    soundfile = pytest.importorskip("soundfile")
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, SAMPLE_RATE, format="WAV")
    encoded = base64.b64encode(buffer.getvalue()).decode()
    content = [{"type": "audio", "base64": encoded}, {"type": "text", "text": said}]
    return theirs.apply_chat_template([{"role": "user", "content": content}])


@pytest.mark.parametrize("name", ["voxtral-emotion", "joint-emotion"])
def test_shares_are_those_of_one_label_after_the_other(releases: dict[str, Release], name: str) -> None:
    import torch

    model, prompts = upstream(releases, name), Prompts(locate(releases["voxtral"]))
    emotion = open_labelled(releases[name], "cpu", int8=True)
    utterances = [*SOUNDS, voice(34)]  # more than a window
    question = "How does the speaker feel? Answer with one of these words: happy, angry, neutral, anxious."
    answers = ["happy", "angry", "neutral", "anxious"]
    if name == "joint-emotion":
        question, answers = "Which is the mood? Happy, angry, neutral, Anxious", ["Happy", "angry", "neutral", "Anxious"]
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
        # By their logs: random weights are nearly sure of one label, and the others have to be right too.
        assert np.log(shares) == pytest.approx(logs - np.logaddexp.reduce(logs), abs=5e-3)
        assert shares.sum() == pytest.approx(1, abs=1e-5)
    assert not np.allclose(np.log(found[0]), np.log(found[1]), atol=0.1)


@pytest.mark.parametrize("name", ["voxtral", "joint"])
def test_a_row_does_not_depend_on_its_neighbours(releases: dict[str, Release], name: str) -> None:
    recogniser = open_local(releases[name], "cpu")
    together = recogniser.transcribe(SOUNDS, LANGUAGES, [])
    for samples, language, beside in zip(SOUNDS, LANGUAGES, together, strict=True):
        (alone,) = recogniser.transcribe([samples], [language], [])
        assert [(word.text, word.start_ms, word.end_ms) for word in alone.words] == [
            (word.text, word.start_ms, word.end_ms) for word in beside.words
        ]
        assert alone.log_probability == pytest.approx(beside.log_probability, abs=1e-3)


def test_an_utterance_does_not_depend_on_its_neighbours(releases: dict[str, Release]) -> None:
    emotion = open_labelled(releases["joint-emotion"], "cpu", int8=True)
    utterances = [*SOUNDS, voice(31), np.zeros(10, np.float32)]
    for samples, beside in zip(utterances, emotion.shares(utterances), strict=True):
        assert np.log(emotion.shares([samples])[0]) == pytest.approx(np.log(beside), abs=5e-3)


def test_the_adapter_changes_what_is_heard(releases: dict[str, Release]) -> None:
    plain, changed = (open_local(releases[name], "cpu").transcribe(SOUNDS, LANGUAGES, []) for name in ("voxtral", "joint"))
    assert all(text(one) != text(other) for one, other in zip(plain, changed, strict=True))


def test_merged_and_unmerged_are_the_same_in_float32(releases: dict[str, Release]) -> None:
    import torch

    from models.voxtral_network import opened

    ours, theirs = opened(releases["joint"], "cpu"), upstream(releases, "joint")
    assert not any("lora" in name for name, _ in ours.model.named_modules())
    heard = ours.heard(SOUNDS)
    embedded, mask = ours.embedded([ours.prompts.transcription(375, "en")] * len(SOUNDS), heard)
    with torch.no_grad():
        merged = ours.model(inputs_embeds=embedded, attention_mask=mask).logits
        beside = theirs(inputs_embeds=embedded, attention_mask=mask).logits
    assert torch.allclose(merged, beside, atol=1e-3)


def test_in_half_precision_small_changes_stay_beside_the_weights(releases: dict[str, Release]) -> None:
    """A change below the rounding of the weights: merged, most of it would be gone; beside them it is there."""
    import torch
    from transformers import VoxtralForConditionalGeneration

    from models.lora_adapter import adapted

    base, own = locate_parts(releases["joint"]).paths
    model = VoxtralForConditionalGeneration.from_pretrained(base, dtype=torch.bfloat16).eval()
    layers = adapted(model, own).model.language_model.layers
    layer = layers[0].self_attn.q_proj
    assert layer.base_layer.weight.dtype == torch.bfloat16
    layer.lora_B["default"].weight.data *= 1e-3
    change, before = layer.get_delta_weight("default").float(), layer.base_layer.weight.float()
    layer.merge()
    kept = (layer.base_layer.weight.float() - before).norm() / change.norm()
    same = (layer.base_layer.weight.float() == before).float().mean()
    assert same > 0.5, (same, kept)


def test_both_halves_of_a_joint_checkpoint_are_loaded_once(releases: dict[str, Release]) -> None:
    recogniser, emotion = open_local(releases["joint"], "cpu"), open_labelled(releases["joint-emotion"], "cpu", int8=True)
    other = open_labelled(releases["voxtral-emotion"], "cpu", int8=True)
    assert recogniser.network is emotion.network  # type: ignore[attr-defined]
    assert other.network is not emotion.network  # type: ignore[attr-defined]
    assert len({locate(releases[name]) for name in ("joint", "joint-emotion")}) == 1


def test_languages_are_those_of_the_checkpoint(releases: dict[str, Release]) -> None:
    plain, joint = open_local(releases["voxtral"], "cpu"), open_local(releases["joint"], "cpu")
    assert [plain.speaks(code) for code in ("en", "hi", "und", "ar", "ary")] == [True, True, True, False, False]
    assert [joint.speaks(code) for code in ("en", "hi", "und", "ar")] == [True, False, True, True]


def test_words_are_timed_by_the_aligner_or_spread(releases: dict[str, Release]) -> None:
    english, french = open_local(releases["voxtral"], "cpu").transcribe(SOUNDS[:2], ["en", "fr"], [])
    assert {word.timing for word in french.words} == {"interpolated"}
    assert (french.words[0].start_ms, french.words[-1].end_ms) == (0, 9500)
    for recognition, length in ((english, 6000), (french, 9500)):
        edges = [edge for word in recognition.words for edge in (word.start_ms, word.end_ms)]
        assert edges == sorted(edges)
        assert all(0 <= edge <= length for edge in edges)
        assert all(0 < word.confidence <= 1 for word in recognition.words)


def test_a_language_that_the_text_begins_with_is_taken_from_it(releases: dict[str, Release]) -> None:
    from models.voxtral_model import VoxtralRecogniser
    from models.voxtral_network import Text, opened

    recogniser = VoxtralRecogniser(opened(releases["voxtral"], "cpu"))
    tokens = recogniser.network.prompts.answer("lang:fr")[:-1] + recogniser.network.prompts.answer(" the happy")
    logs = [-0.1] * len(tokens)
    for asked, language in (("und", "fr"), ("en", "en")):
        found = recogniser._recognition(SOUNDS[0], asked, Text(tokens[:-1], logs))
        assert (text(found), found.language) == ("the happy", language)


def test_an_adapter_that_finds_no_place_is_refused(releases: dict[str, Release], tmp_path: Path) -> None:
    import shutil

    from safetensors.torch import load_file, save_file
    from transformers import VoxtralForConditionalGeneration

    from models.lora_adapter import adapted

    base, own = locate_parts(releases["joint"]).paths
    shutil.copytree(own, tmp_path / "strange")
    weights = load_file(own / "adapter_model.safetensors")
    strange = {name.replace("layers.1.", "layers.7."): weight for name, weight in weights.items()}
    save_file(strange, tmp_path / "strange" / "adapter_model.safetensors")
    with pytest.raises(Misconfigured, match="not all find their place"):
        adapted(VoxtralForConditionalGeneration.from_pretrained(base), tmp_path / "strange")
    with pytest.raises(Misconfigured, match=r"no adapter_config\.json"):
        adapted(VoxtralForConditionalGeneration.from_pretrained(base), base)


def test_other_networks_and_vocabularies_are_refused(releases: dict[str, Release], tmp_path: Path) -> None:
    import shutil

    from models.voxtral_network import Voxtral

    with pytest.raises(Misconfigured, match="is a whisper"):
        Voxtral(locate(releases["whisper"]), None, "cpu")
    shutil.copytree(locate(releases["voxtral"]), tmp_path / "bare", ignore=shutil.ignore_patterns("tekken.json"))
    with pytest.raises(Misconfigured, match=r"tekken\.json is missing"):
        Voxtral(tmp_path / "bare", None, "cpu")
    unlabelled = releases["voxtral-emotion"].model_copy(update={"labels": ()})
    with pytest.raises(Misconfigured, match="needs labels"):
        open_labelled(unlabelled, "cpu", int8=True)


def test_a_missing_base_names_the_command_that_fetches_both(releases: dict[str, Release]) -> None:
    folder = locate(releases["voxtral"])
    aside = folder.with_name("aside")
    folder.rename(aside)
    try:
        for release in (releases["joint"], releases["joint-emotion"]):
            with pytest.raises(Misconfigured, match=f"voxtral, which {release.name} needs, is not here.*pull {release.name}"):
                locate(release)
    finally:
        aside.rename(folder)
