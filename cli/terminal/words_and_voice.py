"""Sentiment of the words, and of words and voice together, for a terminal."""

from collections.abc import Callable

from rich.table import Table
from rich.text import Text

from cli.terminal.strip import share
from earshot.analysis.report.report import Report
from earshot.analysis.text_sentiment.sections import Fused, SpeakerText, TextSentiment

SHORT = {"negative": "neg", "neutral": "neu", "positive": "pos"}


def words_and_voice(report: Report, table: Table, who: Callable[[SpeakerText], Text]) -> Table:
    """Adds a row a speaker: the words, by quarter too, and fused with the voice.

    Args:
        who: the name of a speaker as elsewhere in the report.
    """
    fusion = {each.speaker: each for each in report.fusion.speakers} if report.fusion else {}
    for speaker in report.text_sentiment.speakers if report.text_sentiment else ():
        quarters = " ".join(
            SHORT.get(each.label or "-", each.label or "-") for each in speaker.quarters
        )
        fused = fusion.get(speaker.speaker)
        opposed = fused.opposed_turns if fused else 0
        table.add_row(
            who(speaker),
            Text(f"words {_answer(speaker.overall)}"),
            Text(f"with the voice {_answer(fused.overall)}" if fused else "", style="bold"),
            Text(f"quarters {quarters}", style="dim"),
            Text(f"opposed in {opposed}" if opposed else "", style="yellow"),
        )
    return table


def _answer(answer: TextSentiment | Fused) -> str:
    if answer.label is None or answer.confidence is None:
        reason = answer.reason if isinstance(answer, TextSentiment) else None
        return f"not scored: {reason}" if reason else "-"
    return f"{answer.label} {share(answer.confidence)}"
