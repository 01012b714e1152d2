"""Local agreement: words that two successive hypotheses share are final (Polák et al. 2023,
Incremental blockwise beam search for simultaneous speech translation)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

COMMITTED_FROM = 0.65
"""Confidence from which a word is committed before its segment ends. About half of the words with
less are wrong (``earshot.models.asr.moonshine.DOUBTFUL_BELOW``), and what follows them would rest
on them."""
SHOWN_FROM, FIRST_FROM, LAST_FROM = 0.6, 0.3, 0.8
"""Confidence from which a word is shown before it is committed: any, the first of a segment, which
shows that there are words, and the last of a hypothesis, whose sound may be cut off."""


@dataclass(frozen=True)
class Spoken:
    """A word of a hypothesis: its text, its tokens, and its confidence."""

    text: str
    tokens: tuple[int, ...]
    confidence: float


@dataclass
class Agreement:
    """Of one segment. What is committed only grows."""

    committed: list[Spoken] = field(default_factory=list)
    before: Sequence[str] = ()
    """Texts of the last hypothesis."""

    def take(self, words: Sequence[Spoken]) -> None:
        """Takes the next hypothesis, which begins with what is committed; commits what it shares
        with the one before. The last word of either is not committed: its sound may be cut off."""
        texts = [word.text for word in words]
        for index in range(len(self.committed), min(len(texts), len(self.before)) - 1):
            if texts[: index + 1] != list(self.before[: index + 1]):
                break
            if words[index].confidence < COMMITTED_FROM:
                break
            self.committed.append(words[index])
        self.before = texts


def shown(words: Sequence[Spoken], committed: int) -> list[Spoken]:
    """The words of a hypothesis to show: committed ones, and those up to the first doubtful one."""
    found = list(words[:committed])
    for index, word in enumerate(words[committed:], committed):
        least = LAST_FROM if index == len(words) - 1 else SHOWN_FROM
        if word.confidence < (FIRST_FROM if index == 0 else least):
            break
        found.append(word)
    return found
