"""Low-rank adapters (LoRA), as peft saves them, over a network that is loaded."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from earshot.analysis.errors import Misconfigured
from earshot.compute.device import context_lost, out_of_memory

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"


def adapted(model: Any, folder: Path, renamed: Mapping[str, str]) -> Any:
    """The network with the adapter's changes in it.

    In float32 they are added to its weights, which costs nothing afterwards. In half precision they
    stay beside them: of a change that is smaller than the rounding of the weight nothing would be
    left (ADR 0024).

    Args:
        renamed: patterns of what layers were called when older adapters were saved, and what they
            are called now.

    Raises:
        Misconfigured: it is no LoRA adapter with safetensors, or one for another network.
    """
    import torch
    from peft import PeftModel

    _check_kind(folder)
    try:
        wrapped = PeftModel.from_pretrained(
            model, folder, is_trainable=False, key_mapping=dict(renamed)
        )
    except (RuntimeError, ValueError) as error:
        if out_of_memory(error) or context_lost(error):
            raise
        said = str(error).strip().splitlines()
        raise Misconfigured(
            "checkpoint", f"{folder} does not fit what it is to adapt: {' '.join(said[:2])}"
        ) from error
    _check_whole(wrapped, folder)
    return wrapped.merge_and_unload() if model.dtype == torch.float32 else wrapped.get_base_model()


def _check_kind(folder: Path) -> None:
    missing = [name for name in (CONFIG, WEIGHTS) if not (folder / name).is_file()]
    if missing:
        raise Misconfigured(
            "checkpoint",
            f"{folder} is no adapter, it has no {missing[0]}; take base out of its entry if it is"
            " none",
        )
    kind = json.loads((folder / CONFIG).read_text(encoding="utf-8")).get("peft_type")
    if kind != "LORA":
        raise Misconfigured(
            "checkpoint",
            f"{folder} is an adapter of the kind {kind}; LORA is the one that is known",
        )


def _check_whole(wrapped: Any, folder: Path) -> None:
    """Every weight of the file must be in the network, and every one in the network in the file:
    peft passes over what fits nowhere, and leaves at nought what it does not find, so that an
    adapter would change nothing and nobody would see it."""
    from peft import get_peft_model_state_dict
    from safetensors.torch import load_file

    stored = load_file(folder / WEIGHTS)
    # By default peft would ask the hub whether the vocabulary was changed; the file says it.
    whole_layers = any(name.endswith(".base_layer.weight") for name in stored)
    held = get_peft_model_state_dict(wrapped, save_embedding_layers=whole_layers)
    # By what they hold, for names may have been translated; layers that it replaces as a whole are
    # rounded as the network is.
    found, wanted = (
        sorted(_content(weight.to(wrapped.dtype)) for weight in each.values())
        for each in (held, stored)
    )
    if found != wanted:
        raise Misconfigured(
            "checkpoint",
            f"{folder} has {len(stored)} weights, and not all find their place in the network; it"
            " was made for another one, or by versions of the libraries that call its layers"
            " otherwise",
        )


def _content(weight: Any) -> tuple[tuple[int, ...], float]:
    return tuple(weight.shape), float(weight.double().sum())
