"""The sentences that text sentiment learns: written by hand, and composed by the grammar."""

import random
import re
import tomllib
from pathlib import Path
from typing import NamedTuple

LABELS = ("negative", "neutral", "positive")
HERE = Path(__file__).parent
COMPOSED = 1_500
"""Sentences of the grammar for each label."""
_SLOT = re.compile(r"\{(\w+)\}")


class Sentence(NamedTuple):
    """A sentence with its label."""

    text: str
    label: str


def written() -> list[Sentence]:
    """Those in ``negative.txt``, ``neutral.txt`` and ``positive.txt``, one a line."""
    return [
        Sentence(line, label)
        for label in LABELS
        for line in (HERE / f"{label}.txt").read_text(encoding="utf-8").splitlines()
    ]


def composed(seed: int) -> list[Sentence]:
    """Those of ``grammar.toml``, ``COMPOSED`` a label, without twins."""
    grammar = tomllib.loads((HERE / "grammar.toml").read_text(encoding="utf-8"))
    slots, chance = grammar["slots"], random.Random(seed)
    found: list[Sentence] = []
    for label in LABELS:
        templates, texts = grammar[label]["templates"], dict[str, None]()
        while len(texts) < COMPOSED:
            template = chance.choice(templates)
            text = _SLOT.sub(lambda match: chance.choice(slots[match[1]]), template)
            texts[text[0].upper() + text[1:]] = None
        found += [Sentence(text, label) for text in texts]
    return found
