"""The text of a transcript that may leave the machine."""

from collections.abc import Sequence

from earshot.analysis.pii.detect import find
from earshot.analysis.report.sections import Turn


def spoken_text(turns: Sequence[Turn], languages: Sequence[str]) -> str:
    """The transcript, a line for each turn, without personal data: searched for by speaker, so that
    a number over several turns is found, and over all of them in order of time."""
    words = [(turn, word.text) for turn in turns for word in turn.words]
    kinds = list[str | None]([None] * len(words))
    speakers = dict.fromkeys(turn.speaker for turn, _ in words)
    places = [[i for i, (turn, _) in enumerate(words) if turn.speaker == s] for s in speakers]
    for those in [*places, list(range(len(words)))]:
        for span in find([words[index][1] for index in those], languages):
            for index in those[span.start : span.end]:
                kinds[index] = span.kind
    lines: dict[str, list[str]] = {}
    before: tuple[str, str | None] = ("", None)
    for (turn, text), kind in zip(words, kinds, strict=True):
        line = lines.setdefault(turn.id, [f"{turn.role or turn.speaker}:"])
        if kind is None:
            line.append(text)
        elif before != (turn.id, kind):
            line.append(f"[{kind}]")
        before = (turn.id, kind)
    return "\n".join(" ".join(line) for line in lines.values())
