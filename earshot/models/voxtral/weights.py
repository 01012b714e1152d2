"""Reads the weights of a Voxtral, and an adapter's over them."""

from pathlib import Path
from typing import Any

from earshot.analysis.errors import Misconfigured
from earshot.models.checkpoints.lora_adapter import adapted

RENAMED = {
    r"^language_model\.lm_head": "lm_head",
    r"^language_model\.model\.": "model.language_model.",
    r"^(audio_tower|multi_modal_projector)\.": r"model.\1.",
}
"""Layers as transformers called them before version 5; weights are translated by itself, adapters
are not."""


def weights(folder: Path, adapter: Path | None, precision: Any) -> Any:
    """The network of transformers, on the CPU.

    Raises:
        Misconfigured: the folder holds another kind of network, or a part of one, or the adapter is
            not one for it.
    """
    from transformers import AutoConfig, VoxtralForConditionalGeneration

    kind = AutoConfig.from_pretrained(folder, local_files_only=True).model_type
    if kind != "voxtral":
        raise Misconfigured(
            "checkpoint", f"{folder} is a {kind}; the runtime transformers-voxtral is for voxtral"
        )
    model, loaded = VoxtralForConditionalGeneration.from_pretrained(
        folder, dtype=precision, local_files_only=True, output_loading_info=True
    )
    wrong = [*sorted(loaded["missing_keys"]), *(str(each) for each in loaded["mismatched_keys"])]
    if wrong:
        raise Misconfigured(
            "checkpoint",
            f"{folder} has no weights for {wrong[0]}: they are not those of its config.json",
        )
    return model if adapter is None else adapted(model, adapter, RENAMED)
