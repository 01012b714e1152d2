"""The vocabulary of Moonshine, and its tokens' grouping to words."""

from collections.abc import Sequence
from math import exp
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.errors import Misconfigured
from earshot.models.asr.token_words import Spelled

START, END = 1, 2
"""Tokens that begin and end a text."""
FIRST_LETTER = 3
"""Tokens below are no text."""
_SPACE = "\u2581".encode()
"""SentencePiece's mark of the space before a word."""
_NO_TEXT = b"<<"
"""Prefix of reserved tokens."""


def read(path: Path) -> list[bytes]:
    """Text of each token, from upstream's binary file: a length in one byte, or in two from 128 on
    (low seven bits first), then so many bytes of UTF-8.

    Raises:
        Misconfigured: the file is cut off.
    """
    data, at, found = path.read_bytes(), 0, []
    while at < len(data):
        size, at = data[at], at + 1
        if size >= 128 and at < len(data):
            size, at = size - 128 + 128 * data[at], at + 1
        if at + size > len(data):
            raise Misconfigured("checkpoint", f"{path} is cut off; install its package again")
        found.append(data[at : at + size])
        at += size
    return found


def begin_words(vocabulary: Sequence[bytes]) -> NDArray[np.bool_]:
    """Of each token, whether it may follow a whole word: it begins another one, or ends the
    text."""
    return np.array(
        [index == END or piece.startswith(_SPACE) for index, piece in enumerate(vocabulary)]
    )


def words_of(
    tokens: Sequence[int], logs: Sequence[float], vocabulary: Sequence[bytes]
) -> list[Spelled]:
    """Words in order; one begins with each token that begins with a space.

    Args:
        logs: natural log of the probability of every token; entries behind those of ``tokens`` are
            ignored.
    """
    return [word for word, _ in words_and_tokens(tokens, logs, vocabulary)]


def words_and_tokens(
    tokens: Sequence[int], logs: Sequence[float], vocabulary: Sequence[bytes]
) -> list[tuple[Spelled, list[int]]]:
    """The same, each with its tokens."""
    groups: list[list[int]] = []
    for index, token in enumerate(tokens):
        piece = vocabulary[token]
        if token < FIRST_LETTER or piece.startswith(_NO_TEXT):
            continue
        if groups and not piece.startswith(_SPACE):
            groups[-1].append(index)
        else:
            groups.append([index])
    found = []
    for group in groups:
        # A character may span several tokens of one byte each.
        text = (
            b"".join(vocabulary[tokens[index]] for index in group)
            .replace(_SPACE, b" ")
            .decode(errors="replace")
            .strip()
        )
        if text:
            confidence = sum(exp(logs[index]) for index in group) / len(group)
            found.append((Spelled(text, confidence), [tokens[index] for index in group]))
    return found
