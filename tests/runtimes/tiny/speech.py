"""Small speech encoders of the wav2vec 2.0 family with an emotion head, of random weights, saved as
the hub lays them out."""

import json
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForAudioClassification, Wav2Vec2FeatureExtractor

from earshot.models.emotion.regression_head import DimensionalNetwork

LABELS = ("neu", "hap", "ang", "sad")


def save(folder: Path, kind: str = "wav2vec2", norm: str = "group", **shape: Any) -> None:
    """With transformers' own head, as superb/wav2vec2-base-superb-er and
    superb/hubert-base-superb-er have it; ``norm``: of the front end, ``group`` in base models,
    ``layer`` in large ones."""
    torch.manual_seed(5)
    config = AutoConfig.for_model(kind, **shape_of(norm, shape), id2label=dict(enumerate(LABELS)))
    model = AutoModelForAudioClassification.from_config(config).eval()
    model.classifier.weight.data *= 60  # so that the labels change with the sound
    model.save_pretrained(folder)
    extractor = Wav2Vec2FeatureExtractor(
        do_normalize=norm == "layer", return_attention_mask=norm == "layer"
    )
    extractor.save_pretrained(folder)


def save_dimensional(folder: Path, **shape: Any) -> None:
    """As audeering/wav2vec2-large-robust-12-ft-emotion-msp-dim: weights in one pickled file, and in
    its configuration a class that transformers does not have, no size of a vocabulary, and a norm
    for every layer."""
    torch.manual_seed(6)
    names = ("arousal", "dominance", "valence")
    config = AutoConfig.for_model(
        "wav2vec2", **shape_of("layer", shape), id2label=dict(enumerate(names))
    )
    model = DimensionalNetwork(config).eval()
    model.classifier.out_proj.weight.data *= 3
    model.classifier.out_proj.bias.data += 0.5
    folder.mkdir(parents=True)
    torch.save(
        {name: tensor.contiguous() for name, tensor in _published(model).items()},
        folder / "pytorch_model.bin",
    )
    told = config.to_dict() | {
        "architectures": ["Wav2Vec2ForSpeechClassification"],
        "finetuning_task": "wav2vec2_reg",
        "problem_type": "regression",
        "pooling_mode": "mean",
        "vocab_size": None,
        "torch_dtype": "float32",
        "transformers_version": "4.17.0.dev0",
    }
    (folder / "config.json").write_text(json.dumps(told))
    Wav2Vec2FeatureExtractor(do_normalize=True, return_attention_mask=True).save_pretrained(folder)
    (folder / "vocab.json").write_text("{}")


def _published(model: Any) -> dict[str, torch.Tensor]:
    """Names as transformers 4.17 wrote them: the weight of the position convolution in two
    parts."""
    old = {
        "parametrizations.weight.original0": "weight_g",
        "parametrizations.weight.original1": "weight_v",
    }
    state: dict[str, torch.Tensor] = {}
    for name, tensor in model.state_dict().items():
        for new, before in old.items():
            name = name.replace(new, before)  # noqa: PLW2901
        state[name] = tensor
    return state


def shape_of(norm: str, shape: dict[str, Any]) -> dict[str, Any]:
    small = {
        "hidden_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 96,
        "conv_dim": [32] * 7,
        "num_conv_pos_embeddings": 128,
        "classifier_proj_size": 32,
    }
    of_base = {"use_weighted_layer_sum": True}  # as the benchmark that those come from has it
    of_large = {"feat_extract_norm": "layer", "conv_bias": True, "do_stable_layer_norm": True}
    return small | (of_large if norm == "layer" else of_base) | shape
