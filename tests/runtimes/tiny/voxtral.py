"""A Voxtral of random weights, with a vocabulary in Mistral's format, saved as the hub lays one
out; and an adapter over it."""

import base64
import json
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from transformers import (
    GenerationConfig,
    VoxtralConfig,
    VoxtralForConditionalGeneration,
    WhisperFeatureExtractor,
)

SPECIAL = 40
"""Tokens before the first that stands for bytes; a thousand in the real vocabulary."""
NAMED = {
    0: "<unk>", 1: "<s>", 2: "</s>", 3: "[INST]", 4: "[/INST]", 5: "[AVAILABLE_TOOLS]",
    6: "[/AVAILABLE_TOOLS]", 7: "[TOOL_RESULTS]", 8: "[/TOOL_RESULTS]", 9: "[TOOL_CALLS]",
    10: "[IMG]", 11: "<pad>", 12: "[IMG_BREAK]", 13: "[IMG_END]", 14: "[PREFIX]", 15: "[MIDDLE]",
    16: "[SUFFIX]", 17: "[SYSTEM_PROMPT]", 18: "[/SYSTEM_PROMPT]", 19: "[TOOL_CONTENT]",
    24: "[AUDIO]", 25: "[BEGIN_AUDIO]", 34: "[TRANSCRIBE]",
}  # fmt: skip
"""Places of the special tokens that the library knows, as the real vocabulary has them."""
PATTERN = r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
MERGED = ("ha", "pp", "happ", "happy", "an", "gr", "ang", "la", "lang", " t", " th", " the")
"""Longer pieces, so that one label is a token and another one several."""
WORDS = 400
LABELS = ("happy", "angry", "neutral", "anxious")
CONTRACT = """
languages = ["en", "fr", "ar"]
question = "Which is the mood? {labels}"
[answers]
happy = "Happy"
anxious = "Anxious"
"""
"""What an adapter brings along that was taught other languages, another question and other
words."""
END = 2


def save(folder: Path, **shape: Any) -> None:
    """Thirty seconds, 128 mels, four frames of the encoder for a token of sound, as the real one;
    small otherwise."""
    torch.manual_seed(7)
    folder.mkdir(parents=True)
    pieces = [bytes([value]) for value in range(256)] + [
        text.encode() for text in (*MERGED, *_words())
    ]
    (folder / "tekken.json").write_text(json.dumps(_tekken(pieces)))
    model = VoxtralForConditionalGeneration(_config(SPECIAL + len(pieces), shape)).eval()
    extractor = WhisperFeatureExtractor(feature_size=128)
    _liven(model, extractor)
    model.generation_config = GenerationConfig(bos_token_id=1, eos_token_id=END, pad_token_id=11)
    model.save_pretrained(folder)
    extractor.save_pretrained(folder)


def save_adapter(base: Path, folder: Path) -> None:
    """Low-rank changes of random size in encoder and decoder, none of them nought."""
    torch.manual_seed(8)
    model = VoxtralForConditionalGeneration.from_pretrained(base)
    told = LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj", "o_proj", "down_proj"])
    adapted = get_peft_model(model, told)
    for name, weight in adapted.named_parameters():
        if "lora_B" in name:
            weight.data = 0.3 * torch.randn_like(weight)
    adapted.peft_config["default"].base_model_name_or_path = "mistralai/Voxtral-Mini-3B-2507"
    adapted.save_pretrained(folder)


def _liven(model: VoxtralForConditionalGeneration, extractor: WhisperFeatureExtractor) -> None:
    """Random weights write one token for ever. Here attention looks at single places, what was
    written last and what is heard there decide about equally what comes next, hardly anything but
    words is written, and now and then it ends."""
    decoder, head = model.model.language_model, model.lm_head.weight.data
    decoder.embed_tokens.weight.data *= 40
    for layer in decoder.layers:
        for name, times in (("v_proj", 8), ("o_proj", 8), ("q_proj", 10), ("k_proj", 10)):
            getattr(layer.self_attn, name).weight.data *= times
    for layer in model.model.audio_tower.layers:
        layer.self_attn.v_proj.weight.data *= 5
    _tell_apart(model.model, extractor)
    head *= 10
    head[: SPECIAL + 256] *= 0.3
    head[:SPECIAL] = 0
    head[END] = 0.4 * torch.randn_like(head[END])


def _tell_apart(model: Any, extractor: WhisperFeatureExtractor) -> None:
    """Takes out of the tokens of sound what all of them have in common, which would hide what they
    have not."""
    noise = torch.randn(16_000).numpy()
    features = extractor(noise, sampling_rate=16_000, return_tensors="pt").input_features
    projector = model.multi_modal_projector
    with torch.no_grad():
        frames = model.audio_tower(features).last_hidden_state
        common = projector.act(
            projector.linear_1(frames.reshape(-1, model.config.audio_config.intermediate_size))
        ).mean(0)
    weight, common = projector.linear_2.weight.data, common / common.norm()
    weight -= (weight @ common)[:, None] * common
    weight *= 200


def _words() -> list[str]:
    """Made-up ones, of one token each with the space before them; a few have letters of several
    bytes."""
    return [f" w{'é' if index % 7 == 0 else 'o'}rd{index}" for index in range(WORDS)]


def _tekken(pieces: list[bytes]) -> dict[str, Any]:
    names = [NAMED.get(rank, f"<SPECIAL_{rank}>") for rank in range(SPECIAL)]
    encoding = {"num_mel_bins": 128, "hop_length": 160, "window_size": 400}
    return {
        "config": {
            "pattern": PATTERN,
            "num_vocab_tokens": len(pieces),
            "default_vocab_size": SPECIAL + len(pieces),
            "default_num_special_tokens": SPECIAL,
            "version": "v7",
        },
        "vocab": [
            {
                "rank": rank,
                "token_bytes": base64.b64encode(piece).decode(),
                "token_str": piece.decode(errors="replace"),
            }
            for rank, piece in enumerate(pieces)
        ],
        "special_tokens": [
            {"rank": rank, "token_str": name, "is_control": True} for rank, name in enumerate(names)
        ],
        "audio": {
            "sampling_rate": 16_000,
            "frame_rate": 12.5,
            "audio_encoding_config": encoding,
            "chunk_length_s": 30.0,
        },
    }


def _config(tokens: int, shape: dict[str, Any]) -> VoxtralConfig:
    width = 32
    sound = {
        "hidden_size": width,
        "intermediate_size": 4 * width,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
    }
    text = {
        "model_type": "llama",
        "vocab_size": tokens,
        "hidden_size": 48,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 12,
        "max_position_embeddings": 4096,
        "bos_token_id": 1,
        "eos_token_id": END,
        "pad_token_id": 11,
    }
    return VoxtralConfig(audio_config=sound, text_config=text | shape, audio_token_id=24)
