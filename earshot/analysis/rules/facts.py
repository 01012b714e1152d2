"""What rules read of a report. A part that a report does not have is absent, not an error: reports
of earlier versions have fewer parts, and other analyses give further ones."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from earshot.analysis.rules.folding import folded
from earshot.analysis.rules.within import Within

Words = Sequence[Mapping[str, Any]]
Span = tuple[int, int]


class Label(NamedTuple):
    """An answer about a turn."""

    label: str
    confidence: float | None


class Turn:
    """A turn of the report."""

    def __init__(self, body: Mapping[str, Any], words: Callable[[str], Words]) -> None:
        self.body, self._words = body, words
        self.id: str = body["id"]
        self.role: str | None = body.get("role")
        self.text: str = body.get("text") or ""
        self.span: Span = (body["start_ms"], body["end_ms"])
        self.transcribed = bool(body.get("transcribed", True))

    @cached_property
    def folded(self) -> str:
        """Its text as phrases are searched in it."""
        return folded(self.text)

    @property
    def words(self) -> Words:
        """Its words, each with its times."""
        return self._words(self.id)

    def label(self, part: str) -> Label | None:
        """An answer about it: ``emotion``, ``sentiment``, ``text_sentiment`` or ``fusion``; None
        without one."""
        found = self.body.get(part)
        if not isinstance(found, Mapping) or not isinstance(found.get("label"), str):
            return None
        confidence = found.get("confidence")
        return Label(found["label"], confidence if isinstance(confidence, int | float) else None)


class Facts:
    """A report, as its JSON.

    Args:
        words: gives the words of a turn, by its id, where the JSON has none.
    """

    def __init__(
        self, report: Mapping[str, Any], words: Callable[[str], Words] | None = None
    ) -> None:
        self.report = report
        own = {each["id"]: each.get("words", ()) for each in self.mappings("turns")}
        self.turns = [Turn(each, words or own.__getitem__) for each in self.mappings("turns")]
        recording = report.get("recording") or {}
        self.duration_ms: int = recording.get("duration_ms") or 0
        self.roles = {*recording.get("roles", ()), *(turn.role for turn in self.turns)} - {None}
        conversation = report.get("conversation")
        self.conversation: Mapping[str, Any] | None = conversation
        releases = report.get("releases")
        self.answered: set[str] | None = None if releases is None else set(releases)
        """Names of the analyses that answered; None if the report does not say."""
        self.skipped = {each.get("analysis") for each in self.mappings("skipped")}

    def mappings(self, name: str) -> list[Mapping[str, Any]]:
        """A list of the report, with what is no object left out; empty if there is none."""
        return of_mappings(self.report.get(name))

    def turns_of(self, role: str | None, within: Within | None) -> Iterator[Turn]:
        """Turns of the role, or all, that overlap the part."""
        start, end = self.part(within)
        for turn in self.turns:
            if (role is None or turn.role == role) and turn.span[0] < end and turn.span[1] > start:
                yield turn

    def part(self, within: Within | None) -> Span:
        """Start and end of a part, ms."""
        return (0, self.duration_ms) if within is None else within.span_ms(self.duration_ms)


def of_mappings(found: Any) -> list[Mapping[str, Any]]:
    """The objects of a list; none if it is no list."""
    values: Iterable[Any] = found if isinstance(found, list | tuple) else ()
    return [each for each in values if isinstance(each, Mapping)]
