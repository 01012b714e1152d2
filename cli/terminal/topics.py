"""Renders the topics of a recording: how often and by whom, with the words said first."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from cli.terminal.strip import clock
from earshot.analysis.printable import plural, printable
from earshot.analysis.topics.by_model import ByModel
from earshot.analysis.topics.findings import Mention, TopicsSection, spoken_by

SHOWN = 2
"""Mentions of each topic that are shown."""


def topics(found: TopicsSection) -> Iterator[RenderableType]:
    """A row for each topic."""
    title = Text.assemble("\n", ("Topics", "bold underline"))
    yield title.append(f"  {found.glossary} {found.version[:8]}", "dim")
    if found.by_model:
        yield from _by_model(found.by_model)
    if not found.topics:
        yield Text("no term of the glossary", style="dim")
        return
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for topic in found.topics:
        by = ", ".join(f"{who} {count}" for who, count in spoken_by(topic).items())
        quoted = ", ".join(map(_quoted, topic.mentions[:SHOWN]))
        table.add_row(
            Text(printable(topic.label), style="bold"),
            plural(len(topic.mentions), "mention"),
            Text(printable(by), style="dim"),
            Text(printable(quoted)),
        )
    yield table


def _by_model(found: ByModel) -> Iterator[RenderableType]:
    if found.status == "not_classified":
        reason = f"not classified by {found.model}: {found.reason}: {found.detail}"
        yield Text(printable(reason), style="yellow")
        return
    labels = ", ".join(topic.label for topic in found.topics) or "none of the glossary's topics"
    yield Text(printable(f"{labels}, by {found.model}"))
    for name, lines in (
        ("", [found.summary] if found.summary else ()),
        ("issues: ", found.issues),
        ("actions: ", found.actions),
    ):
        if lines:
            yield Text(printable(name + "; ".join(lines)))


def _quoted(mention: Mention) -> str:
    meant = f" (for {mention.term})" if mention.match == "fuzzy" else ""
    return f'{clock(mention.start_ms)} "{mention.text}"{meant}'
