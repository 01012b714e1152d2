"""Subtitles as SubRip (SRT) and WebVTT files."""

import re
from collections.abc import Iterable

from earshot.exports.cues import Cue
from earshot.exports.names import one_line

TAG = re.compile("<(?= */? *[a-zA-Z])")
"""What players of SubRip take for the begin of markup."""
JOINER = "\u2060"
"""Has no width, and does not begin a tag."""


def srt(cues: Iterable[Cue]) -> str:
    """The cues as SubRip. The format has no speakers and no escapes: an arrow in a text, which
    would be read as times, loses a dash, and what would be read as markup, and not be shown, has a
    word joiner behind its ``<``."""
    blocks = (
        f"{number}\n{_clock(cue.start_ms, ',')} --> {_clock(cue.end_ms, ',')}\n"
        + "".join(f"{_without_marks(line)}\n" for line in cue.lines)
        for number, cue in enumerate(cues, 1)
    )
    return "\n".join(blocks)


def vtt(cues: Iterable[Cue]) -> str:
    """The cues as WebVTT, with a voice tag where the speaker has a name."""
    blocks = (
        f"\n{_clock(cue.start_ms, '.')} --> {_clock(cue.end_ms, '.')}\n"
        + (f"<v {_escaped(cue.speaker)}>" if cue.speaker else "")
        + "".join(f"{_escaped(line)}\n" for line in cue.lines)
        for cue in cues
    )
    return "WEBVTT\n" + "".join(blocks)


def _without_marks(line: str) -> str:
    return TAG.sub(f"<{JOINER}", line.replace("-->", "->"))


def _escaped(text: str) -> str:
    plain = one_line(text)  # a line break would end the tag or the cue
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(ms: int, mark: str) -> str:
    minutes, ms = divmod(ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{ms // 1000:02d}{mark}{ms % 1000:03d}"
