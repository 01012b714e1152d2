"""Renders the main figures of the conversation; the report has all of them, with definitions."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from cli.terminal.strip import clock, share
from earshot.analysis.figures.sections import Conversation, Participant
from earshot.analysis.printable import plural, printable

SOURCES = {"channel": "by channel", "diarized": "by voice", "mixed": "speakers not separated"}
COLUMNS = ("", "talk", "of call", "words/min", "monologue", "response", "interrupts", "loudness")


def figures(found: Conversation) -> Iterator[RenderableType]:
    """A row for each participant, and a line for the call."""
    yield Text.assemble(
        "\n", ("Conversation", "bold underline"), (f"  {SOURCES[found.source]}", "dim")
    )
    if found.participants:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        for column in COLUMNS:
            table.add_column(column, no_wrap=True, justify="right" if column else "left")
        for each in found.participants:
            table.add_row(*_row(each))
        yield table
    yield Text(", ".join(_total(found)))


def _row(each: Participant) -> Iterator[str]:
    rate, gap = each.words_per_minute.value, each.response_gap.median_ms
    yield printable(each.name)
    yield clock(each.talk_ms)
    yield share(each.talk_of_call)
    yield "-" if rate is None else f"{rate:.0f}"
    yield clock(each.longest_monologue_ms)
    yield "-" if gap is None else f"{gap / 1000:.1f} s"
    yield str(each.interruptions)
    yield "-" if each.loudness is None else f"{each.loudness.lufs:.0f} LUFS"


def _total(found: Conversation) -> Iterator[str]:
    total = found.total
    yield f"silence {clock(total.silence_ms)} ({share(total.silence_of_call)})"
    if total.hold_music_ms:
        yield f"hold music {clock(total.hold_music_ms)} ({share(total.hold_music_of_call or 0)})"
    if found.participants:
        yield f"overtalk {clock(total.overtalk_ms)} ({share(total.overtalk_of_call)})"
        yield plural(total.back_channels, "back-channel")
