"""Renders a report for a terminal: facts, timelines, turns, and missing parts with their
reasons."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.terminal.corrected import corrections
from cli.terminal.facts import facts
from cli.terminal.figures import figures
from cli.terminal.noise_limits import noise_limits
from cli.terminal.places import PLACES
from cli.terminal.strip import clock, share, strip
from cli.terminal.topics import topics
from cli.terminal.words_and_voice import words_and_voice
from earshot.analysis.findings import UNCLEAR, Classification
from earshot.analysis.printable import plural, printable
from earshot.analysis.report.report import Report
from earshot.analysis.report.sections import (
    Emergency,
    EmotionSummary,
    Stretch,
    Turn,
    VoiceSentiment,
)
from earshot.analysis.text_sentiment.sections import SpeakerText

TIMES_SHOWN = 4
"""Stretches of one label that are listed with their times; the strip shows them all."""
UNCLEAR_MARGIN = 0.05
"""A label whose share is not this much above every other's is not shown as the answer; the report
itself has all shares."""


def rendered(report: Report) -> RenderableType:
    """The report as something that ``rich`` prints at any width."""
    length = report.recording.duration_ms
    parts: list[RenderableType] = [facts(report)]
    parts += [_emergency(each) for each in report.emergencies]
    if report.scene:
        parts += [_title("Scene"), _timeline(report.scene, length)]
    if report.noise and report.noise.timeline:
        parts += [_title("Noise", noise_limits(report)), _timeline(report.noise.timeline, length)]
    parts += (
        [_title("Turns"), _turns(report)]
        if report.turns
        else [Text("\nNo turns: no speech was detected.")]
    )
    parts += figures(report.conversation) if report.conversation else ()
    parts += topics(report.topics) if report.topics else ()
    if report.sentiment:
        parts += [_title("Sentiment of the voice"), _sentiment(report)]
    if report.text_sentiment and report.text_sentiment.speakers:
        names = _names(report)
        rows = words_and_voice(report, _table(), lambda each: _who(each, names))
        parts += [_title("Sentiment of the words"), rows]
    for name, answers in (
        (name, answers) for name, answers in report.classifications.items() if answers
    ):
        counts = Counter(_clear_label(each) for each in answers)
        parts.append(
            Text(
                f"\n{name.capitalize()}: "
                + ", ".join(f"{label} in {plural(n, 'chunk')}" for label, n in counts.most_common())
            )
        )
    parts += corrections(report.corrections) if report.corrections else ()
    parts += _gaps(report)
    return Group(*parts)


def _emergency(alarm: Emergency) -> Text:
    name = {"T3": "FIRE ALARM", "T4": "CARBON MONOXIDE ALARM"}[alarm.pattern]
    when = f"{clock(alarm.start_ms)}-{clock(alarm.end_ms)}"
    return Text(
        f"\n{name} {when}, {alarm.pattern} at {alarm.frequency_hz} Hz, {share(alarm.confidence)}",
        style="bold red",
    )


def _timeline(stretches: Sequence[Stretch], length_ms: int) -> RenderableType:
    """One row a label, the longest label first."""
    table = _table()
    for column in ("label", "strip", "total", "part"):
        table.add_column(
            column, no_wrap=True, justify="right" if column in ("total", "part") else "left"
        )
    table.add_column("when", style="dim", overflow="fold")
    totals: Counter[str] = Counter()
    for each in stretches:
        totals[each.label] += each.end_ms - each.start_ms
    for label, total in totals.most_common():
        own = [each for each in stretches if each.label == label]
        part = share(total / length_ms if length_ms else 0)
        table.add_row(
            label, Text(strip(own, length_ms), style="cyan"), clock(total), part, _times(own)
        )
    return table


def _times(stretches: Sequence[Stretch]) -> str:
    listed = [f"{clock(each.start_ms)}-{clock(each.end_ms)}" for each in stretches[:TIMES_SHOWN]]
    more = len(stretches) - TIMES_SHOWN
    return ", ".join(listed) + (f" and {more} more" if more > 0 else "")


def _turns(report: Report) -> RenderableType:
    table = _table(header=True)
    table.add_column("time", justify="right", no_wrap=True, style="dim")
    table.add_column("who", no_wrap=True)
    table.add_column("emotion", no_wrap=True)
    table.add_column("sentiment", no_wrap=True)
    # last, so that long texts do not displace other columns
    table.add_column("said", overflow="fold")
    names = _names(report)
    for turn in report.turns:
        table.add_row(
            clock(turn.start_ms),
            _who(turn, names),
            _label(turn.emotion),
            _label(turn.sentiment),
            _text(turn),
        )
    return table


def _text(turn: Turn) -> Text:
    if turn.text:
        return Text(printable(turn.text))
    return Text("(no word recognised)" if turn.transcribed else "(not transcribed)", style="dim")


def _names(report: Report) -> dict[str, str]:
    return {each.id: printable(each.name) for each in report.speakers if each.name}


def _who(voice: Turn | VoiceSentiment | SpeakerText, names: Mapping[str, str]) -> Text:
    # Voices keep their colour through the report; two are by far the most common.
    style = ("magenta", "blue", "green", "yellow")[int(voice.speaker[1:]) % 4]
    words = (voice.speaker, names.get(voice.speaker), voice.role)
    return Text(" ".join(word for word in words if word), style=style)


def _label(answer: Classification | EmotionSummary | None) -> str:
    if answer is None:
        return "-"
    label = _clear_label(answer)
    return label if label == UNCLEAR else f"{label} {share(answer.confidence)}"


def _clear_label(answer: Classification | EmotionSummary) -> str:
    if answer.label == UNCLEAR:
        return UNCLEAR
    own = {answer.label, getattr(answer, "label_native", answer.label)}
    rival = max((value for label, value in answer.scores.items() if label not in own), default=0.0)
    return answer.label if answer.confidence - rival >= UNCLEAR_MARGIN else UNCLEAR


def _sentiment(report: Report) -> RenderableType:
    table, names = _table(), _names(report)
    for voice in report.sentiment:
        scores = "  ".join(f"{label} {share(value)}" for label, value in voice.scores.items())
        table.add_row(
            _who(voice, names),
            Text(_clear_label(voice), style="bold"),
            scores,
            Text(f"over {clock(voice.speech_ms)}", style="dim"),
        )
    return table


def _gaps(report: Report) -> Iterable[RenderableType]:
    """Failed and skipped parts; equal reasons are listed once, with their number."""
    if report.missing:
        yield _title("Missing")
        yield _counted(
            ((each.analysis, f"{each.code}: {each.detail}", each.chunk) for each in report.missing),
            "yellow",
        )
    if report.skipped:
        yield _title("Nothing to do for")
        yield _counted(((each.analysis, each.reason, each.chunk) for each in report.skipped), "dim")


def _counted(gaps: Iterable[tuple[str, str, int]], style: str) -> RenderableType:
    chunks: dict[tuple[str, str], list[int]] = {}
    for analysis, reason, chunk in gaps:
        chunks.setdefault((analysis, reason), []).append(chunk)
    table = _table()
    for (analysis, reason), where in chunks.items():
        place = (
            PLACES[where[0]]
            if len(where) == 1 and where[0] in PLACES
            else plural(len(where), "chunk")
        )
        table.add_row(analysis, place, Text(printable(reason), style=style))
    return table


def _title(text: str, remark: str = "") -> RenderableType:
    return Text.assemble("\n", (text, "bold underline"), (f"  {remark}" if remark else "", "dim"))


def _table(header: bool = False) -> Table:
    return Table(
        box=None, show_header=header, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim"
    )
