"""A small emotion2vec of random weights, saved as its hub lays one out: names and shapes of its
tensors as in the published ``model.pt``, all keys of its ``config.yaml``, and its
``tokens.txt``."""

from pathlib import Path
from typing import Any

import torch
import yaml

from earshot.models.emotion2vec.model import Emotion2vecModel
from tests.sounds.synthetic import voice

TOKENS = (
    "生气/angry\n厌恶/disgusted\n恐惧/fearful\n开心/happy\n中立/neutral\n"
    "其他/other\n难过/sad\n吃惊/surprised\n<unk>"
)
AUDIO = "d2v_model.modality_encoders.AUDIO"
PRENET = 2
KERNELS = (10, 3, 3, 3, 3, 2, 2)


def save(
    folder: Path,
    width: int = 48,
    heads: int = 12,
    depth: int = 3,
    channels: int = 32,
    prenet: int = PRENET,
) -> None:
    """The published base has width 768, 12 heads, depth 8, prenet 4 and 512 channels."""
    folder.mkdir(parents=True)
    torch.manual_seed(7)
    network = model_conf(width, heads, depth, channels, prenet)
    conf = {"model": "Emotion2vec", "model_conf": network, "tokenizer": "CharTokenizer"}
    (folder / "config.yaml").write_text(yaml.safe_dump(conf))
    (folder / "tokens.txt").write_text(TOKENS, encoding="utf-8")
    (folder / "configuration.json").write_text(
        '{"framework": "pytorch", "task": "emotion-recognition"}'
    )
    state = _state(width, heads, depth, channels, prenet)
    _save(state, folder)
    state["proj.bias"] -= (
        Emotion2vecModel(folder, "cpu", int8=False)
        .logits([voice(2), voice(2, 180), voice(2, 90)])
        .mean(0)
    )
    _save(state, folder)  # no label is ahead of all others, so that they change with the sound


def _save(state: dict[str, torch.Tensor], folder: Path) -> None:
    """Beside the weights, what a trainer leaves in such a file."""
    held = {
        "args": None,
        "cfg": {"task": "audio"},
        "model": state,
        "optimizer_history": [{"num_updates": 1}],
    }
    torch.save(held, folder / "model.pt")


def _state(
    width: int, heads: int, depth: int, channels: int, prenet: int
) -> dict[str, torch.Tensor]:
    shapes: dict[str, tuple[int, ...]] = {}
    for index, kernel in enumerate(KERNELS):
        conv = f"{AUDIO}.local_encoder.conv_layers.{index}"
        shapes[f"{conv}.0.weight"] = (channels, channels if index else 1, kernel)
        shapes |= _norm(f"{conv}.2.1", channels)
    shapes |= _norm(f"{AUDIO}.project_features.1", channels) | _linear(
        f"{AUDIO}.project_features.2", channels, width
    )
    for index in range(1, 6):
        position = f"{AUDIO}.relative_positional_encoder.{index}.0"
        shapes |= {f"{position}.weight": (width, width // 16, 19), f"{position}.bias": (width,)}
    shapes[f"{AUDIO}.extra_tokens"] = (1, 10, width)
    shapes[f"{AUDIO}.alibi_scale"] = (1, 1, heads, 1, 1)
    shapes |= _norm(f"{AUDIO}.context_encoder.norm", width)
    blocks = [f"{AUDIO}.context_encoder.blocks.{index}" for index in range(prenet)]
    for block in blocks + [f"d2v_model.blocks.{index}" for index in range(depth)]:
        shapes |= _linear(f"{block}.attn.qkv", width, 3 * width) | _linear(
            f"{block}.attn.proj", width, width
        )
        shapes |= _linear(f"{block}.mlp.fc1", width, 4 * width) | _linear(
            f"{block}.mlp.fc2", 4 * width, width
        )
        shapes |= _norm(f"{block}.norm1", width) | _norm(f"{block}.norm2", width)
    shapes |= _linear("proj", width, 9)
    return {name: _values(name, shape) for name, shape in shapes.items()}


def _norm(name: str, width: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _linear(name: str, before: int, after: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (after, before), f"{name}.bias": (after,)}


def _values(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    """Random, at the scale that keeps activations near 1; the head larger, so that the shares are
    not even."""
    if name.endswith("alibi_scale"):
        return torch.rand(shape) + 0.5
    if len(shape) == 1:
        return 0.1 * torch.randn(shape) + (1.0 if name.endswith("weight") else 0.0)
    fan_in = torch.Size(shape[1:]).numel()
    return torch.randn(shape) * (8 if name == "proj.weight" else 1) / fan_in**0.5


def model_conf(width: int, heads: int, depth: int, channels: int, prenet: int) -> dict[str, Any]:
    audio = {
        "type": "AUDIO", "prenet_depth": prenet, "prenet_layerdrop": 0.05, "prenet_dropout": 0.1,
        "start_drop_path_rate": 0.0, "end_drop_path_rate": 0.0, "num_extra_tokens": 10,
        "init_extra_token_zero": True, "mask_noise_std": 0.01, "mask_prob_min": None,
        "mask_prob": 0.5, "inverse_mask": False, "mask_prob_adjust": 0.05, "keep_masked_pct": 0.0,
        "mask_length": 5, "add_masks": False, "remove_masks": False, "mask_dropout": 0.0,
        "encoder_zero_mask": True, "mask_channel_prob": 0.0, "mask_channel_length": 64,
        "ema_local_encoder": False, "local_grad_mult": 1.0, "use_alibi_encoder": True,
        "alibi_scale": 1.0, "learned_alibi": False, "alibi_max_pos": None,
        "learned_alibi_scale": True, "learned_alibi_scale_per_head": True,
        "learned_alibi_scale_per_layer": False, "num_alibi_heads": heads, "model_depth": depth,
        "decoder": None, "extractor_mode": "layer_norm",
        "feature_encoder_spec": f"[({channels}, 10, 5)] + [({channels}, 3, 2)] * 4"
        f" + [({channels},2,2)] + [({channels},2,2)]",
        "conv_pos_width": 95, "conv_pos_groups": 16, "conv_pos_depth": 5, "conv_pos_pre_ln": False,
    }  # fmt: skip
    return {
        "loss_beta": 0.0, "loss_scale": None, "depth": depth, "start_drop_path_rate": 0.0,
        "end_drop_path_rate": 0.0, "num_heads": heads, "norm_eps": 1e-05, "norm_affine": True,
        "encoder_dropout": 0.1, "post_mlp_drop": 0.1, "attention_dropout": 0.1,
        "activation_dropout": 0.0, "dropout_input": 0.0, "layerdrop": 0.05, "embed_dim": width,
        "mlp_ratio": 4.0, "layer_norm_first": False, "average_top_k_layers": 8,
        "end_of_block_targets": False, "clone_batch": 8, "normalize": True,
        "modalities": {"audio": audio},
    }  # fmt: skip
