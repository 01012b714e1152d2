"""A small BERT of random weights that classifies texts, laid out as the hub does, and its export to
ONNX."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

WORDS = [
    "the",
    "is",
    "not",
    "good",
    "bad",
    "service",
    "i",
    "am",
    "angry",
    "happy",
    "thank",
    "you",
    "line",
    "dead",
    "again",
]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
LABELS = {0: "Negative", 1: "Neutral", 2: "Positive"}
MOST = 32


def save(folder: Path, seed: int = 5) -> None:
    torch.manual_seed(seed)
    vocabulary = {word: at for at, word in enumerate([*SPECIAL, *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]",
        sep_token="[SEP]", model_max_length=MOST,
    )  # fmt: skip
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=64, max_position_embeddings=MOST, id2label=LABELS,
        label2id={name: at for at, name in LABELS.items()}, attn_implementation="eager",
    )  # fmt: skip
    model = BertForSequenceClassification(config).eval()
    model.classifier.weight.data *= 30
    model.save_pretrained(folder)
    fast.save_pretrained(folder)


class _Logits(torch.nn.Module):
    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.model(
            input_ids=ids, attention_mask=mask, token_type_ids=types
        ).logits
        return found


def export(source: Path, folder: Path) -> None:
    """The same checkpoint as a folder with an ONNX graph."""
    folder.mkdir()
    for name in ("config.json", "tokenizer.json"):
        (folder / name).write_bytes((source / name).read_bytes())
    model = BertForSequenceClassification.from_pretrained(source, attn_implementation="eager")
    rows = torch.tensor([[2, 4, 5, 3]])
    names = ["input_ids", "attention_mask", "token_type_ids"]
    torch.onnx.export(
        _Logits(model.eval()), (rows, torch.ones_like(rows), torch.zeros_like(rows)),
        str(folder / "model.onnx"), input_names=names, output_names=["logits"],
        dynamic_axes={name: {1: "tokens"} for name in names}, dynamo=False,
    )  # fmt: skip
