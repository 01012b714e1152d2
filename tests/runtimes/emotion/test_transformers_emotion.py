"""Encoders of the wav2vec 2.0 family with an emotion head, loaded through the catalog: outputs as
transformers makes them."""

from pathlib import Path

import numpy as np
import pytest

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Release
from earshot.compute.sound import SAMPLE_RATE
from earshot.models.checkpoints.location import locate
from earshot.models.emotion.opening import open_dimensional, open_labelled
from earshot.models.emotion.transformers_emotion import TransformersDimensional, TransformersEmotion
from earshot.settings import settings
from tests.sounds.synthetic import voice

pytestmark = pytest.mark.runtimes

SOUNDS = [voice(3), voice(5.5, 180), voice(1.2, 90)]
MODELS = (
    "wav2vec2-group",
    "wav2vec2-layer",
    "hubert-group",
    "hubert-layer",
    "wavlm-group",
    "wavlm-layer",
)


@pytest.fixture
def exact(request: pytest.FixtureRequest, releases: dict[str, Release]) -> TransformersEmotion:
    found = open_labelled(
        releases[request.param], "cpu", settings().model_copy(update={"emotion_int8": False})
    )
    assert isinstance(found, TransformersEmotion)
    return found


@pytest.mark.parametrize("name", MODELS)
def test_shares_are_those_of_the_library(name: str, releases: dict[str, Release]) -> None:
    import torch
    from transformers import AutoFeatureExtractor, AutoModelForAudioClassification

    folder = locate(releases[name], settings())
    model = AutoModelForAudioClassification.from_pretrained(folder).eval()
    extractor = AutoFeatureExtractor.from_pretrained(folder)
    ours = open_labelled(
        releases[name], "cpu", settings().model_copy(update={"emotion_int8": False})
    )
    assert ours.labels == ("neu", "hap", "ang", "sad")
    for samples, shares in zip(SOUNDS, ours.shares(SOUNDS), strict=True):
        with torch.inference_mode():
            logits = model(
                **extractor(samples, sampling_rate=SAMPLE_RATE, return_tensors="pt")
            ).logits
        assert shares.tolist() == pytest.approx(logits[0].softmax(-1).tolist(), abs=1e-4)
    assert ours.shares([]) == []


@pytest.mark.parametrize("exact", MODELS, indirect=True)
def test_a_row_does_not_depend_on_its_neighbours(exact: TransformersEmotion) -> None:
    for alone, together in zip(SOUNDS, exact.logits(SOUNDS), strict=True):
        assert together.tolist() == pytest.approx(exact.logits([alone])[0].tolist(), abs=1e-4)


@pytest.mark.parametrize("exact", MODELS, indirect=True)
def test_int8_says_nearly_the_same(exact: TransformersEmotion) -> None:
    quick = TransformersEmotion(Path(exact.model.config._name_or_path), "cpu")
    for one, other in zip(exact.shares(SOUNDS), quick.shares(SOUNDS), strict=True):
        assert one.argmax() == other.argmax()
        assert np.abs(one - other).max() < 0.02


def test_valence_arousal_and_dominance_by_hand(releases: dict[str, Release]) -> None:
    """The encoder by transformers, the head by hand from the tensors of the published file
    (audeering's model card)."""
    import torch
    from transformers import AutoFeatureExtractor, Wav2Vec2Model

    folder = locate(releases["dimensional"], settings())
    head = torch.load(folder / "pytorch_model.bin", weights_only=True)
    encoder, extractor = (
        Wav2Vec2Model.from_pretrained(folder).eval(),
        AutoFeatureExtractor.from_pretrained(folder),
    )
    ours = open_dimensional(
        releases["dimensional"], "cpu", settings().model_copy(update={"emotion_int8": False})
    )
    for samples, rated in zip(SOUNDS, ours.dimensions(SOUNDS), strict=True):
        with torch.inference_mode():
            values = extractor(samples, sampling_rate=SAMPLE_RATE, return_tensors="pt").input_values
            pooled = encoder(values).last_hidden_state.mean(1)
            hidden = torch.tanh(
                pooled @ head["classifier.dense.weight"].T + head["classifier.dense.bias"]
            )
            arousal, dominance, valence = (
                hidden @ head["classifier.out_proj.weight"].T + head["classifier.out_proj.bias"]
            )[0]
        wanted = [float(2 * rating - 1) for rating in (valence, arousal, dominance)]
        assert [rated.valence, rated.arousal, rated.dominance] == pytest.approx(wanted, abs=1e-4)


def test_ratings_beyond_the_scale_are_clipped_and_int8_rates_alike(
    releases: dict[str, Release],
) -> None:
    exact = open_dimensional(
        releases["dimensional"], "cpu", settings().model_copy(update={"emotion_int8": False})
    )
    assert isinstance(exact, TransformersDimensional)
    quick = open_dimensional(releases["dimensional"], "cpu", settings())
    for one, other in zip(exact.dimensions(SOUNDS), quick.dimensions(SOUNDS), strict=True):
        assert [one.valence, one.arousal, one.dominance] == pytest.approx(
            [other.valence, other.arousal, other.dominance], abs=0.02
        )
    exact.model.classifier.out_proj.bias.data += 7
    (loud,) = exact.dimensions(SOUNDS[:1])
    assert (loud.valence, loud.arousal, loud.dominance) == (1, 1, 1)
    exact.model.classifier.out_proj.bias.data -= 14
    (quiet,) = exact.dimensions(SOUNDS[:1])
    assert (quiet.valence, quiet.arousal, quiet.dominance) == (-1, -1, -1)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "dimensional",
            "has no weights for classifier",
        ),  # its head is another one, and would be made up
        ("ctc", "is a wav2vec2-bert; emotion knows"),
    ],
)
def test_a_checkpoint_without_this_head_is_refused(
    releases: dict[str, Release], name: str, says: str
) -> None:
    with pytest.raises(Misconfigured, match=says) as caught:
        TransformersEmotion(locate(releases[name], settings()), "cpu")
    assert "\n" not in str(caught.value)


def test_labels_are_no_dimensions(releases: dict[str, Release]) -> None:
    with pytest.raises(Misconfigured, match="name it in EARSHOT_EMOTION_DIMENSIONS"):
        open_labelled(
            releases["dimensional"], "cpu", settings().model_copy(update={"emotion_int8": False})
        )
    with pytest.raises(Misconfigured, match="gives no valence, arousal and dominance"):
        open_dimensional(
            releases["emotion2vec"], "cpu", settings().model_copy(update={"emotion_int8": False})
        )
