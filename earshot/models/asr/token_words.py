"""Groups the tokens of a decoder to words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp


@dataclass(frozen=True)
class Spelled:
    """A word, and the mean probability of its tokens."""

    text: str
    confidence: float


def at_spaces(tokens: Sequence[int], decode: Callable[[list[int]], str]) -> list[list[int]]:
    """Indices of the tokens of each word: a word begins with a space, or behind a line break.

    Args:
        decode: tokens to text, spaces kept.
    """
    groups: list[list[int]] = []
    before = "\n"
    for index, token in enumerate(tokens):
        text = decode([token])
        if before.endswith("\n") or text[:1].isspace():
            groups.append([index])
        else:
            groups[-1].append(index)
        before = text
    return groups


def spelled(
    tokens: Sequence[int], logs: Sequence[float], decode: Callable[[list[int]], str]
) -> list[Spelled]:
    """Words in order.

    Args:
        logs: natural log of the probability of every token; entries behind those of ``tokens`` are
            ignored.
        decode: tokens to text, spaces kept.
    """
    found = []
    for group in at_spaces(tokens, decode):
        confidence = sum(exp(logs[index]) for index in group) / len(group)
        found += [
            Spelled(text, confidence) for text in decode([tokens[index] for index in group]).split()
        ]
    return found
