"""Turns and words as a TextGrid of Praat, in its long text format."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from earshot.analysis.report.report import Report
from earshot.analysis.words.spelling import joined
from earshot.exports.names import one_line, speaker_names
from earshot.exports.spoken import spoken_words


class Span(NamedTuple):
    """A label of a tier."""

    start_ms: int
    end_ms: int
    text: str


def textgrid(report: Report) -> str:
    """A tier for each speaker, with its turns, and one for its words where they have times. A
    recording without speakers has one empty tier: Praat opens no grid without any."""
    spoken = [max((word.end_ms for word in turn.words), default=0) for turn in report.turns]
    ends = [turn.end_ms for turn in report.turns]
    length = max([report.recording.duration_ms, 1, *spoken, *ends])
    tiers = list(_tiers(report)) or [("speech", [])]
    parts = [
        'File type = "ooTextFile"\nObject class = "TextGrid"\n\n'
        f"xmin = 0\nxmax = {_sec(length)}\ntiers? <exists>\nsize = {len(tiers)}\nitem []:\n"
    ]
    parts += [
        _tier(number, name, covering(spans, length))
        for number, (name, spans) in enumerate(tiers, 1)
    ]
    return "".join(parts)


def _tiers(report: Report) -> Iterator[tuple[str, list[Span]]]:
    names = speaker_names(report)
    for speaker, name in names.items():
        turns = [turn for turn in report.turns if turn.speaker == speaker]
        yield name, [Span(turn.start_ms, turn.end_ms, one_line(turn.text)) for turn in turns]
        words = [word for turn in turns if turn.words for word in spoken_words(turn)]
        if words:
            title = f"{name} - words"
            while title in names.values():
                title = f"{title} ({speaker})"
            yield title, [Span(word.start_ms, word.end_ms, one_line(word.text)) for word in words]


def covering(spans: Iterable[Span], length_ms: int) -> list[Span]:
    """Intervals from 0 to ``length_ms``, each longer than nothing, without a gap or an overlap.

    A label begins where the one before ends. One without a length gets 1 ms, and its text joins the
    label before where that reaches over it.
    """
    kept: list[Span] = []
    for span in sorted(spans, key=lambda each: (each.start_ms, each.end_ms)):
        before = kept[-1].end_ms if kept else 0
        start = max(min(span.start_ms, length_ms - 1), before)
        end = min(max(span.end_ms, span.start_ms + 1), length_ms)
        if end > start:
            kept.append(Span(start, end, span.text))
        elif kept and span.text:
            kept[-1] = kept[-1]._replace(text=joined([kept[-1].text, span.text]))
    return list(_filled(kept, length_ms))


def _filled(spans: Iterable[Span], length_ms: int) -> Iterator[Span]:
    at = 0
    for span in spans:
        if span.start_ms > at:
            yield Span(at, span.start_ms, "")
        yield span
        at = span.end_ms
    if at < length_ms:
        yield Span(at, length_ms, "")


def _tier(number: int, name: str, spans: list[Span]) -> str:
    head = (
        f'    item [{number}]:\n        class = "IntervalTier"\n        name = {_quoted(name)}\n'
        f"        xmin = 0\n        xmax = {_sec(spans[-1].end_ms)}\n"
        f"        intervals: size = {len(spans)}\n"
    )
    return head + "".join(
        f"        intervals [{place}]:\n            xmin = {_sec(span.start_ms)}\n"
        f"            xmax = {_sec(span.end_ms)}\n            text = {_quoted(span.text)}\n"
        for place, span in enumerate(spans, 1)
    )


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _sec(ms: int) -> str:
    return f"{ms // 1000}.{ms % 1000:03d}" if ms else "0"
