"""Who spoke when, as Rich Transcription Time Marked (RTTM) lines of NIST."""

import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import PurePath

from earshot.analysis.report.report import Report
from earshot.analysis.report.sections import Turn
from earshot.exports.names import speaker_names

MARKS = "._-"
"""Besides letters and digits of any script: readers split lines on blanks, take quotes, ``;;`` and
``#`` for marks of their own, and some make paths of these names."""
NULLS = frozenset({"", "na", "nan", "-nan", "null", "none"})
"""What readers take for a value that is not there; ``<NA>`` is RTTM's own."""


def rttm(report: Report) -> str:
    """A line for each stretch of a speaker on a channel: what overlaps or touches is one, and what
    has no length is none. Channels count from 1, as NIST does."""
    file = token(PurePath(report.recording.file_name).stem, f"id-{report.recording.id}")
    speakers = _tokens(speaker_names(report))
    return "".join(
        f"SPEAKER {file} {channel + 1} {_sec(start)} {_sec(end - start)} <NA> <NA>"
        f" {speakers.get(speaker, speaker)} <NA> <NA>\n"
        for start, end, channel, speaker in _stretches(report.turns)
    )


def token(text: str, otherwise: str) -> str:
    """The text as one token of letters, digits and ``MARKS``.

    Args:
        otherwise: the token where nothing is left of it, or a reader would take it for no value.
    """
    kept = (
        each if each in MARKS or unicodedata.category(each)[0] in "LMN" else " "
        for each in unicodedata.normalize("NFC", text)
    )
    made = "_".join("".join(kept).split())
    return otherwise if made.casefold() in NULLS else made


def _tokens(names: Mapping[str, str]) -> dict[str, str]:
    """Speaker id to token, each another one."""
    made: dict[str, str] = {}
    for speaker, name in names.items():
        shown = token(name, speaker)
        while shown in made.values():
            shown = f"{shown}_{speaker}"
        made[speaker] = shown
    return made


def _stretches(turns: Iterable[Turn]) -> list[tuple[int, int, int, str]]:
    """Start, end, channel and speaker, in order of time."""
    found: list[tuple[int, int, int, str]] = []
    last: dict[tuple[int, str], int] = {}
    for turn in sorted(turns, key=lambda each: (each.start_ms, each.end_ms)):
        if turn.end_ms == turn.start_ms:
            continue
        key = (turn.channel, turn.speaker)
        at = last.get(key)
        if at is not None and turn.start_ms <= found[at][1]:
            start, end = found[at][:2]
            found[at] = (start, max(end, turn.end_ms), *key)
        else:
            last[key] = len(found)
            found.append((turn.start_ms, turn.end_ms, *key))
    return found


def _sec(ms: int) -> str:
    return f"{ms // 1000}.{ms % 1000:03d}"
