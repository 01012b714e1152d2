"""Replays dead letters: their analyses, those of one recording in one round."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from earshot.analysis.errors import Permanent
from earshot.storage.postgres.dead_letters import DeadLetter

Places = Mapping[int, set[str]]
"""Chunk index to analyses."""


class Replayed(NamedTuple):
    """What became of the letters of one recording."""

    letters: tuple[int, ...]
    recording_id: UUID
    places: Places
    refusal: Permanent | None


def replay(
    letters: Sequence[DeadLetter], start: Callable[[UUID, Places], object]
) -> Iterator[Replayed]:
    """Starts the analyses of the letters, recording by recording.

    Args:
        start: begins a round of a recording, or raises ``Permanent``.
    """
    for recording_id in dict.fromkeys(letter.recording_id for letter in letters):
        own = [letter for letter in letters if letter.recording_id == recording_id]
        places: dict[int, set[str]] = {}
        for letter in own:
            places.setdefault(letter.chunk_index, set()).add(letter.analysis)
        refusal: Permanent | None = None
        try:
            start(recording_id, places)
        except Permanent as error:
            refusal = error
        yield Replayed(tuple(letter.id for letter in own), recording_id, places, refusal)
