"""Reads the ``model.pt`` of an emotion2vec release into the network: tensors only, nothing of the
pickle is run."""

import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earshot.analysis.errors import Misconfigured
from earshot.models.emotion2vec.config import NetworkConfig

if TYPE_CHECKING:
    from earshot.models.emotion2vec.network import Emotion2vec

AUDIO = "modality_encoders.AUDIO."
NAMES = (
    (r"^d2v_model\.", ""),
    (rf"^{AUDIO}alibi_scale$", "steepness"),
    (rf"^{AUDIO}extra_tokens$", "extra"),
    (rf"^{AUDIO}local_encoder\.conv_layers\.(\d+)\.0\.", r"front.\1.conv."),
    (rf"^{AUDIO}local_encoder\.conv_layers\.(\d+)\.2\.1\.", r"front.\1.norm."),
    (rf"^{AUDIO}project_features\.1\.", "front_norm."),
    (rf"^{AUDIO}project_features\.2\.", "project."),
    (rf"^{AUDIO}context_encoder\.norm\.", "norm."),
    (r"^proj\.", "head."),
    (r"\.attn\.qkv\.", ".qkv."),
    (r"\.attn\.proj\.", ".out."),
    (r"\.mlp\.fc1\.", ".widen."),
    (r"\.mlp\.fc2\.", ".narrow."),
)
"""What the released files call our parameters. Blocks and positions are numbered otherwise, see
``_renamed``."""
TRAINING = (f"{AUDIO}decoder.", "_ema", "ema", "mask_emb")
"""So begin the names of what only training needs."""


def load_network(path: Path, config: NetworkConfig, outputs: int) -> "Emotion2vec":
    """The network with its weights, in float32, on the CPU.

    Raises:
        Misconfigured: the file holds more than tensors, those of another network, or none for the
            outputs.
    """
    import torch

    from earshot.models.emotion2vec.network import Emotion2vec

    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise Misconfigured(
            "checkpoint", f"{path} is not a file of tensors alone, so it is not loaded"
        ) from error
    for key in ("state_dict", "model_state_dict", "model"):
        saved = saved.get(key, saved)
    state = _renamed(saved, config)
    if "head.weight" not in state:
        raise Misconfigured(
            "checkpoint",
            f"{path} gives features and no emotions: take one that was fine-tuned (emotion2vec+)",
        )
    try:
        state["steepness"] = (
            state["steepness"].flatten(1).expand(-1, config.heads)
        )  # one for each head, or for all
        network = Emotion2vec(config, outputs, len(state["steepness"]))
        network.load_state_dict(state)
    except (KeyError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())[:300]
        raise Misconfigured(
            "checkpoint", f"{path} does not fit its config.yaml and tokens.txt: {reason}"
        ) from error
    network.float().eval()
    return network


def _renamed(saved: Mapping[str, Any], config: NetworkConfig) -> dict[str, Any]:
    """Our name to tensor. Blocks of the modality come before the others; the first position layer
    has number 1 there."""
    prenet = len(
        {
            match[1]
            for name in saved
            if (match := re.search(r"context_encoder\.blocks\.(\d+)\.", name))
        }
    )
    found = {}
    for name, tensor in saved.items():
        own = name
        for pattern, replacement in NAMES:
            own = re.sub(pattern, replacement, own)
        if match := re.match(rf"{AUDIO}context_encoder\.(blocks\.\d+\..*)", own):
            own = match[1]
        elif match := re.match(r"blocks\.(\d+)\.(.*)", own):
            own = f"blocks.{int(match[1]) + prenet}.{match[2]}"
        elif match := re.match(rf"{AUDIO}relative_positional_encoder\.(\d+)\.0\.(.*)", own):
            own = f"positions.convs.{int(match[1]) - 1}.{match[2]}"
        if not own.startswith(TRAINING):
            found[own] = tensor
    return found
