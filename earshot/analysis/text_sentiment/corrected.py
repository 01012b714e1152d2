"""Text sentiment and fusion of a report after corrections."""

from collections.abc import Sequence
from typing import Any

from earshot.analysis.report.report import Report
from earshot.analysis.report.sections import Speaker, Turn, VoiceSentiment
from earshot.analysis.text_sentiment.by_speaker import fusion_section, talks, text_section
from earshot.analysis.text_sentiment.turns import fused, recast


def corrected(
    report: Report,
    speakers: Sequence[Speaker],
    turns: Sequence[Turn],
    voices: Sequence[VoiceSentiment],
) -> tuple[list[Turn], dict[str, Any]]:
    """The turns, fused anew, and the two fields of the report that depend on them.

    Args:
        report: as answered.
        speakers: as corrected; likewise the turns, and the acoustic sentiment of voices.
    """
    before, rule = report.text_sentiment, report.fusion
    if before is None or rule is None:
        return list(turns), {}
    now = [fused(rule, turn) for turn in recast(before, turns)]
    spoken = talks(speakers, now, report.recording.duration_ms)
    return now, {
        "text_sentiment": text_section(before.language, before.models, spoken),
        "fusion": fusion_section(rule, spoken, voices),
    }
