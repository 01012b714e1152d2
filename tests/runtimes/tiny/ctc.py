"""Small CTC networks of random weights with letters for tokens: a Wav2Vec2-BERT as transformers 5
saves it, and the family of wav2vec 2.0 as the hub has it."""

import json
from pathlib import Path

import torch
from transformers import (
    AutoConfig,
    AutoModelForCTC,
    SeamlessM4TFeatureExtractor,
    Wav2Vec2BertConfig,
    Wav2Vec2BertForCTC,
    Wav2Vec2BertProcessor,
    Wav2Vec2CTCTokenizer,
)

from tests.runtimes.tiny.speech import shape_of

LETTERS = "abcdefghijklmnopqrstuvwxyz'"


def save(folder: Path, hidden: int = 48, layers: int = 2, heads: int = 4) -> None:
    torch.manual_seed(11)
    folder.mkdir(parents=True)
    tokens = ["<pad>", "<unk>", "|", *LETTERS]
    (folder / "vocab.json").write_text(
        json.dumps({token: index for index, token in enumerate(tokens)})
    )
    tokenizer = Wav2Vec2CTCTokenizer(
        folder / "vocab.json",
        pad_token="<pad>",
        unk_token="<unk>",
        word_delimiter_token="|",
        bos_token=None,
        eos_token=None,
    )
    config = Wav2Vec2BertConfig(
        vocab_size=len(tokens),
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=hidden * 4,
        output_hidden_size=hidden,
        pad_token_id=0,
        bos_token_id=None,
        eos_token_id=None,
        layerdrop=0.0,
        apply_spec_augment=False,
    )
    model = Wav2Vec2BertForCTC(config).eval()
    model.lm_head.weight.data *= 30  # so that the letters change with the sound
    model.save_pretrained(folder)
    extractor = SeamlessM4TFeatureExtractor(
        feature_size=80, num_mel_bins=80, sampling_rate=16_000, padding_value=0.0
    )
    Wav2Vec2BertProcessor(feature_extractor=extractor, tokenizer=tokenizer).save_pretrained(folder)


def save_family(folder: Path, kind: str, norm: str, precision: torch.dtype = torch.float32) -> None:
    """With the files of facebook/wav2vec2-base-960h, which name neither the class of the tokenizer
    nor of the processor.

    Args:
        norm: of the front end; ``group`` comes with an extractor that gives no mask, as in base
            models.
    """
    torch.manual_seed(13)
    tokens = ["<pad>", "<s>", "</s>", "<unk>", "|", *LETTERS]
    config = AutoConfig.for_model(
        kind, **shape_of(norm, {}), vocab_size=len(tokens), pad_token_id=0, layerdrop=0.0
    )
    model = AutoModelForCTC.from_config(config).eval()
    model.lm_head.weight.data *= 30
    model.to(precision).save_pretrained(folder)
    special = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
    masked = {"do_normalize": True, "return_attention_mask": norm == "layer"}
    heard = {
        "feature_extractor_type": "Wav2Vec2FeatureExtractor",
        "feature_size": 1,
        "sampling_rate": 16_000,
    }
    files: dict[str, object] = {
        "vocab.json": {token: index for index, token in enumerate(tokens)},
        "tokenizer_config.json": {**special, "do_lower_case": False, **masked},
        "special_tokens_map.json": special,
        "preprocessor_config.json": {
            **heard,
            **masked,
            "padding_side": "right",
            "padding_value": 0.0,
        },
    }
    if (
        kind == "wavlm"
    ):  # transformers knows no tokenizer that goes with it, so those checkpoints name one
        files["tokenizer_config.json"] = {
            **special,
            **masked,
            "tokenizer_class": "Wav2Vec2CTCTokenizer",
        }
    for name, held in files.items():
        (folder / name).write_text(json.dumps(held))
