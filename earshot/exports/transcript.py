"""The transcript as plain text: a line a turn, with time and speaker."""

from earshot.analysis.report.report import Report
from earshot.exports.names import one_line, speaker_names


def transcript(report: Report) -> str:
    """``[1:05] Agent: good morning`` for each turn with a text, in order of time."""
    names = speaker_names(report)
    said = ((turn, one_line(turn.text)) for turn in report.turns)
    return "".join(
        f"[{_clock(turn.start_ms)}] {names.get(turn.speaker, turn.speaker)}: {text}\n"
        for turn, text in said
        if text
    )


def _clock(ms: int) -> str:
    """m:ss, or h:mm:ss."""
    minutes, seconds = divmod(ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
