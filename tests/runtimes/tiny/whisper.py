"""A Whisper of random weights with the real vocabulary's layout, saved as transformers 5 does, and
the same one converted or with the files that the hub has."""

import json
import shutil
from pathlib import Path

import torch
from ctranslate2.converters import TransformersConverter
from transformers import (
    GenerationConfig,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
    WhisperProcessor,
    WhisperTokenizer,
)
from transformers.convert_slow_tokenizer import bytes_to_unicode
from transformers.models.whisper.tokenization_whisper import LANGUAGES

END = 50_257
"""Index of <|endoftext|> in the multilingual vocabulary; the special tokens follow, then the
times."""

TEXT = 24
"""Position from which on it wants to end."""


def save(folder: Path, width: int = 64, layers: int = 2, heads: int = 8, mels: int = 80) -> None:
    """51,865 tokens, half a minute; the rest as asked for."""
    torch.manual_seed(3)
    special = _special()
    at = {token: END + index for index, token in enumerate(special)}
    model = WhisperForConditionalGeneration(_config(at, width, layers, heads, mels)).eval()
    _liven(model)
    model.generation_config = _generation(at)
    model.save_pretrained(folder)
    tokenizer = WhisperTokenizer(vocab=_words(), merges=[], extra_special_tokens=special[1:])
    tokenizer.add_special_tokens({"pad_token": "<|endoftext|>"})
    WhisperProcessor(WhisperFeatureExtractor(feature_size=mels), tokenizer).save_pretrained(folder)


def _liven(model: WhisperForConditionalGeneration) -> None:
    """Random weights write nothing, or one word for ever. Here the position decides most of what
    comes next, the sound the rest, and after a score of words the text ends."""
    decoder = model.model.decoder
    tokens, positions = decoder.embed_tokens.weight.data, decoder.embed_positions.weight.data
    tokens *= 40
    tokens[END] = tokens[0].flip(0)  # nought so far, as all padding is
    positions.copy_(5 * torch.randn_like(positions))
    positions[TEXT:] = 300 * tokens[END] / tokens[END].norm()
    for layer in decoder.layers:
        layer.encoder_attn.v_proj.weight.data *= 20
        layer.encoder_attn.out_proj.weight.data *= 20
    for layer in model.model.encoder.layers:
        layer.self_attn.v_proj.weight.data *= 5


def convert(source: Path, folder: Path) -> None:
    """By CTranslate2's own converter, with the files that faster-whisper reads beside the
    weights."""
    copied = ["tokenizer.json"]
    TransformersConverter(str(source), copy_files=copied).convert(
        str(folder), quantization="float32"
    )


def as_on_the_hub(source: Path, folder: Path) -> None:
    """The same weights with the files of openai/whisper-tiny: tokenizer and extractor each in files
    of their own, and settings of generation in the configuration too."""
    folder.mkdir(parents=True)
    for name in ("model.safetensors", "generation_config.json", "tokenizer.json"):
        shutil.copy(source / name, folder / name)
    network = json.loads((source / "config.json").read_text())
    special, end = _special(), "<|endoftext|>"
    forced = [[1, END + 2], [2, END + 2 + 99 + 1], [3, END + len(special) - 1]]
    named = dict.fromkeys(("bos_token", "eos_token", "pad_token", "unk_token"), end)
    window = {
        "chunk_length": 30,
        "n_samples": 480_000,
        "nb_max_frames": 3000,
        "sampling_rate": 16_000,
    }
    files = {
        "config.json": network
        | {"forced_decoder_ids": forced, "max_length": 448, "torch_dtype": "float32"},
        "preprocessor_config.json": window
        | {
            "feature_size": 80,
            "hop_length": 160,
            "n_fft": 400,
            "padding_side": "right",
            "padding_value": 0.0,
        }
        | {
            "feature_extractor_type": "WhisperFeatureExtractor",
            "processor_class": "WhisperProcessor",
        },
        "tokenizer_config.json": named
        | {
            "tokenizer_class": "WhisperTokenizer",
            "processor_class": "WhisperProcessor",
            "model_max_length": 1024,
        }
        | {"additional_special_tokens": special, "add_prefix_space": False, "errors": "replace"},
        "special_tokens_map.json": named | {"additional_special_tokens": special},
        "added_tokens.json": {token: END + index for index, token in enumerate(special) if index},
        "vocab.json": _words() | {end: END},
        "normalizer.json": {"colour": "color"},
    }
    for name, held in files.items():
        (folder / name).write_text(json.dumps(held))
    (folder / "merges.txt").write_text("#version: 0.2\n")


def _words() -> dict[str, int]:
    """256 bytes and made-up words of one token each, with the space before them."""
    bytes_ = {letter: index for index, letter in enumerate(bytes_to_unicode().values())}
    words = {
        f"\N{LATIN CAPITAL LETTER G WITH DOT ABOVE}word{index}": index
        for index in range(len(bytes_), END - 1)
    }
    # The real vocabulary has the empty word too, by which CTranslate2 knows a multilingual model.
    return {**bytes_, **words, "": END - 1}


def _special() -> list[str]:
    languages = [f"<|{code}|>" for code in list(LANGUAGES)[:99]]
    tasks = [
        "<|translate|>",
        "<|transcribe|>",
        "<|startoflm|>",
        "<|startofprev|>",
        "<|nospeech|>",
        "<|notimestamps|>",
    ]
    return ["<|endoftext|>", "<|startoftranscript|>", *languages, *tasks]


def _config(at: dict[str, int], width: int, layers: int, heads: int, mels: int) -> WhisperConfig:
    return WhisperConfig(
        vocab_size=51_865,
        num_mel_bins=mels,
        d_model=width,
        encoder_layers=layers,
        decoder_layers=layers,
        encoder_attention_heads=heads,
        decoder_attention_heads=heads,
        encoder_ffn_dim=4 * width,
        decoder_ffn_dim=4 * width,
        pad_token_id=END,
        bos_token_id=END,
        eos_token_id=END,
        decoder_start_token_id=at["<|startoftranscript|>"],
    )


def _generation(at: dict[str, int]) -> GenerationConfig:
    return GenerationConfig(
        alignment_heads=[[0, 1], [1, 3], [1, 6]],
        begin_suppress_tokens=[220, END],
        suppress_tokens=[at["<|startofprev|>"], at["<|nospeech|>"], at["<|startoflm|>"]],
        decoder_start_token_id=at["<|startoftranscript|>"],
        eos_token_id=END,
        bos_token_id=END,
        pad_token_id=END,
        is_multilingual=True,
        lang_to_id={
            token: at[token]
            for token in _special()
            if len(token) in (6, 7) and token[2:-2] in LANGUAGES
        },
        task_to_id={name: at[f"<|{name}|>"] for name in ("translate", "transcribe")},
        no_timestamps_token_id=at["<|notimestamps|>"],
        prev_sot_token_id=at["<|startofprev|>"],
        max_length=448,
        return_timestamps=False,
    )
