"""Features of English sentences: n-grams of words and of letters, with the scope of negations and
of ``but``. Each is a name; models know them by a hash of it."""

import re
from collections import Counter
from collections.abc import Iterator
from zlib import crc32

FEATURES = "english-ngrams-1"
"""Changes with any change of this module; a checkpoint names the one that it was trained on."""

_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+|[,.;:!?]")
_SPLIT = re.compile(r"(n't|'(?:m|re|ve|ll|d|s))$")
_WHOLE = {
    "n't": "not",
    "'m": "am",
    "'re": "are",
    "'ve": "have",
    "'ll": "will",
    "'d": "would",
    "cannot": "can not",
    "can't": "can not",
    "won't": "will not",
    "shan't": "shall not",
    "gonna": "going to",
    "wanna": "want to",
}
_NUMBERS = frozenset([
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
    "hundred", "thousand",
])  # fmt: skip
_NEGATORS = frozenset([
    "not", "no", "never", "nobody", "nothing", "none", "neither", "nor", "hardly", "barely",
    "without",
])  # fmt: skip
_CONTRASTS = frozenset(["but", "however", "yet", "although", "though"])
_PAUSES = frozenset(",.;:!?")
SCOPE = 5
"""Words behind a negator that it is taken to negate."""
MOST_LETTERS = 5


def sentences(text: str) -> list[str]:
    """The sentences of a text, by its punctuation."""
    return [part for part in _SENTENCE.split(text.strip()) if part]


def tokens(sentence: str) -> list[str]:
    """Lower-case words with contractions written out, numbers as ``#``, and punctuation."""
    found: list[str] = []
    for match in _TOKEN.finditer(sentence.lower().replace("’", "'")):
        token = match[0]
        for part in (_WHOLE.get(token) or _written_out(token)).split():
            found.append("#" if part.isdigit() or part in _NUMBERS else part)
    return found


def _written_out(token: str) -> str:
    found = _SPLIT.search(token)
    if not found or found.start() == 0:
        return token
    return f"{token[: found.start()]} {_WHOLE.get(found[0], found[0])}"


def scopes(words: list[str]) -> list[str]:
    """For each token ``n`` if it is negated, else ``w``."""
    found, left = [], 0
    for word in words:
        found.append("n" if left and word not in _PAUSES else "w")
        if word in _NEGATORS:
            left = SCOPE
        elif word in _PAUSES or word in _CONTRASTS:
            left = 0
        else:
            left = max(0, left - 1)
    return found


def names(sentence: str) -> Iterator[str]:
    """The features of a sentence, each as often as it occurs."""
    words = tokens(sentence)
    marked = [f"{scope}:{word}" for scope, word in zip(scopes(words), words, strict=True)]
    contrast = max((at for at, word in enumerate(words) if word in _CONTRASTS), default=-1)
    for at, mark in enumerate(marked):
        yield mark
        if contrast > 0 and words[at] not in _PAUSES:
            yield f"{'a' if at > contrast else 'b'}{mark}"
    ends = ["<", *words, ">"]
    for count in (2, 3):
        for at in range(len(ends) - count + 1):
            yield "g:" + " ".join(ends[at : at + count])
    for scope, word in zip(scopes(words), words, strict=True):
        if word.isalpha() and len(word) > 3:
            spelled = f"<{word}>"
            for count in range(4, MOST_LETTERS + 1):
                for at in range(len(spelled) - count + 1):
                    yield f"{scope}c:{spelled[at : at + count]}"


def key(name: str) -> int:
    """The hash by which checkpoints know a feature."""
    return crc32(name.encode())


def values(sentence: str) -> dict[str, float]:
    """Feature to its value: those of words and those of letters each have a length of at most
    one."""
    counts = Counter(names(sentence))
    groups: dict[bool, float] = {}
    for name, count in counts.items():
        letters = name[1] == "c"
        groups[letters] = groups.get(letters, 0.0) + count * count
    return {name: count / groups[name[1] == "c"] ** 0.5 for name, count in counts.items()}
