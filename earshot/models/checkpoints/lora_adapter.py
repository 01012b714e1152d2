"""Applies low-rank adapters (LoRA), as saved by peft, to a loaded network."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from earshot.analysis.errors import Misconfigured
from earshot.compute.device import context_lost, out_of_memory

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"


def adapted(model: Any, folder: Path, renamed: Mapping[str, str]) -> Any:
    """The network with the adapter's changes.

    In float32 they are added to its weights, at no cost afterwards. In half precision they stay
    separate: a change smaller than the rounding of the weight would vanish (ADR 0024).

    Args:
        renamed: patterns of the former names of layers, used by older adapters, and their present
            names.

    Raises:
        Misconfigured: not a LoRA adapter with safetensors, or one for another network.
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
        reasons = str(error).strip().splitlines()
        raise Misconfigured(
            "checkpoint", f"{folder} does not fit what it is to adapt: {' '.join(reasons[:2])}"
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
    """Checks that every weight of the file is in the network, and every one of the network in the
    file: peft skips unmatched ones, and leaves missing ones at zero, so the adapter would have no
    effect without any error."""
    from peft import get_peft_model_state_dict
    from safetensors.torch import load_file

    stored = load_file(folder / WEIGHTS)
    # By default peft would query the hub for changes of the vocabulary; the file contains the
    # answer.
    whole_layers = any(name.endswith(".base_layer.weight") for name in stored)
    held = get_peft_model_state_dict(wrapped, save_embedding_layers=whole_layers)
    # By content, since names may have been translated; layers replaced as a whole are rounded like
    # the network.
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
