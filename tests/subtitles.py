"""Strict readers of SubRip and WebVTT: whatever differs from the grammar is an error."""

import html
import re
from typing import NamedTuple

TAG = re.compile("< */? *[a-zA-Z]")
"""Players take it for markup, and do not show it."""
JOINER = "\u2060"
CLOCK = r"(\d\d+):([0-5]\d):([0-5]\d){mark}(\d\d\d)"


class Shown(NamedTuple):
    """A cue as a player reads it."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]
    speaker: str | None = None


def read_srt(text: str) -> list[Shown]:
    """The cues of a SubRip file, numbered from 1, with one empty line between two."""
    if not text:
        return []
    found = []
    for number, block in enumerate(text.removesuffix("\n").split("\n\n"), 1):
        counter, times, *lines = block.split("\n")
        assert counter == str(number)
        assert lines
        assert all(line.strip() and "-->" not in line for line in lines)
        assert not any(TAG.search(line) for line in lines)
        shown = tuple(line.replace(f"<{JOINER}", "<") for line in lines)
        found.append(Shown(*_times(times, ","), shown))
    assert text.endswith("\n")
    return found


def read_vtt(text: str) -> list[Shown]:
    """The cues of a WebVTT file: no settings, no tags but one voice, escaped text."""
    head, *blocks = text.removesuffix("\n").split("\n\n")
    assert head == "WEBVTT"
    assert text.endswith("\n")
    return [_vtt_cue(block) for block in blocks]


def _vtt_cue(block: str) -> Shown:
    times, payload = block.split("\n", 1)
    voice = re.match(r"<v ([^<>\n]+)>", payload)
    body = payload[voice.end() :] if voice else payload
    assert not re.search("[<>]", body)
    assert re.fullmatch(r"(?:[^&]|&(?:amp|lt|gt);)*", body)
    lines = tuple(html.unescape(line) for line in body.split("\n"))
    assert all(line.strip() for line in lines)
    return Shown(*_times(times, "."), lines, html.unescape(voice[1]) if voice else None)


def _times(line: str, mark: str) -> tuple[int, int]:
    clock = CLOCK.format(mark=re.escape(mark))
    found = re.fullmatch(f"{clock} --> {clock}", line)
    assert found, line
    numbers = [int(each) for each in found.groups()]
    start, end = (
        ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms
        for hours, minutes, seconds, ms in (numbers[:4], numbers[4:])
    )
    assert end > start, line
    return start, end
