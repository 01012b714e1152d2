"""Notes about a file for the report: audio that is missing, left out, or placed differently."""

from collections.abc import Iterator, Sequence

from earshot.audio.decoding.frames import Tally
from earshot.audio.decoding.probe import Probe
from earshot.audio.decoding.timeline import GAP_MS, clock, form

NAMED = 3
"""Maximum number of places named per kind."""


def file_notes(found: Probe, tally: Tally) -> Iterator[str]:
    """One sentence each."""
    yield from found.remarks
    left = (*found.chosen.left, *tally.left)
    if left:
        tracks = "Audio track" if len(left) == 1 else "Audio tracks"
        yield f"{tracks} {some(left)} not analysed; hand it in as a file of its own."
    if tally.truncated_ms:
        yield (
            f"The file is cut off: {tally.truncated_ms / 1000:.1f} s that its header states are"
            " missing."
        )
    elif found.is_cut:
        yield "The file is cut off; how much is missing cannot be known."
    elif tally.unread:
        yield f"The file cannot be read to its end: {tally.unread} bytes are left over."
    if tally.late_track:
        yield "Another track begins within the file; it is not analysed."
    if tally.joined:
        yield (
            f"Behind it begins another {found.container} file ({tally.joined:,} bytes), which is"
            " not analysed; split them."
        )
    yield from _places(found, tally)
    if tally.damaged:
        yield f"{tally.damaged} of {tally.packets} packets were damaged and left out."


def _places(found: Probe, tally: Tally) -> Iterator[str]:
    lead_ms = tally.lead * 1000 // found.sample_rate
    if lead_ms > GAP_MS:
        yield (
            f"The sound begins {lead_ms / 1000:.1f} s after the file does; the time before is"
            " silence."
        )
    if tally.silenced:
        yield (
            f"{tally.silenced / found.sample_rate:.1f} s without sound data in between are treated"
            " as silence."
        )
    if tally.leaps:
        leaps = [
            f"by {clock(leap.length_ms, 1000)} at {clock(leap.at_ms, 1000)}" for leap in tally.leaps
        ]
        yield (
            f"The time stamps leap ahead {some(leaps)}, too far for the file's size; what follows"
            " is placed without that."
        )
    if tally.changes:
        yield (
            f"The sound changes from {form(found.sample_rate, found.channels)} to"
            f" {some(tally.changes)}; all is made alike."
        )
    if tally.lost_parts:
        yield f"The file consists of parts of which some cannot be read: {some(tally.lost_parts)}."


def some(places: Sequence[str]) -> str:
    """The first few places, and the number of others."""
    more = len(places) - NAMED
    return ", ".join(places[:NAMED]) + (f" and {more} more" if more > 0 else "")
