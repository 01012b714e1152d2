"""The generation config of a Whisper checkpoint, completed where fine-tuning left it out.

Many fine-tuned checkpoints have no ``generation_config.json``, or one without alignment heads and
languages. All of it but the heads is in their tokenizer and configuration; heads are by default all
of the upper half of the decoder's layers, as in openai/whisper (``model.py``) and in CTranslate2's
converter, so words get times, of less precision than from chosen heads.
"""

import logging
from pathlib import Path
from typing import Any

from earshot.analysis.errors import Misconfigured

log = logging.getLogger(__name__)

MULTILINGUAL = 51_865
"""Tokens of the smallest vocabulary of a multilingual checkpoint (openai/whisper ``model.py``);
English ones have language tokens too, and never write them."""
SPECIAL = ("<|startofprev|>", "<|notimestamps|>", "<|transcribe|>", "<|translate|>")


def complete(folder: Path, model: Any, tokenizer: Any) -> None:
    """Adds to the generation config of ``model`` what is missing there.

    Raises:
        Misconfigured: the tokenizer is not Whisper's, or the alignment heads are those of another
            checkpoint.
    """
    tokens: dict[str, int] = tokenizer.get_vocab()
    if absent := [token for token in SPECIAL if token not in tokens]:
        raise Misconfigured(
            "checkpoint",
            f"the tokenizer in {folder} has no {absent[0]}; copy that of the model this one was"
            " tuned from",
        )
    config = model.generation_config
    missing = {
        name: value
        for name, value in _by_default(model, tokens).items()
        if getattr(config, name, None) is None
    }
    for name, value in missing.items():
        setattr(config, name, value)
    if "alignment_heads" in missing:
        log.warning(
            "%s names no alignment heads; words get their times from all of the decoder's upper"
            " half",
            folder,
        )
    layers, heads = model.config.decoder_layers, model.config.decoder_attention_heads
    if any(layer >= layers or head >= heads for layer, head in config.alignment_heads):
        raise Misconfigured(
            "checkpoint",
            f"generation_config.json in {folder} has alignment_heads of another model; take them"
            " out, or copy the file of the model this one was tuned from",
        )


def _by_default(model: Any, tokens: dict[str, int]) -> dict[str, Any]:
    network = model.config
    layers, heads = network.decoder_layers, network.decoder_attention_heads
    found = {
        "alignment_heads": [
            [layer, head] for layer in range(layers // 2, layers) for head in range(heads)
        ],
        "no_timestamps_token_id": tokens["<|notimestamps|>"],
        "prev_sot_token_id": tokens["<|startofprev|>"],
        "max_length": network.max_target_positions,
        "decoder_start_token_id": network.decoder_start_token_id,
        "eos_token_id": network.eos_token_id,
        "pad_token_id": network.pad_token_id,
        "is_multilingual": network.vocab_size >= MULTILINGUAL,
    }
    return found | (_languages(tokens) if found["is_multilingual"] else {})


def _languages(tokens: dict[str, int]) -> dict[str, Any]:
    from transformers.models.whisper.tokenization_whisper import LANGUAGES

    known = (f"<|{code}|>" for code in LANGUAGES)
    tasks = {name: tokens[f"<|{name}|>"] for name in ("transcribe", "translate")}
    return {
        "lang_to_id": {token: tokens[token] for token in known if token in tokens},
        "task_to_id": tasks,
    }
