"""Describes analyses of chunks as text."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from cli.terminal.console import say
from earshot.analysis.types import TRANSCRIPT, WHOLE
from earshot.storage.postgres import rounds
from earshot.storage.postgres.db import Connection

PLACES = {WHOLE: "whole recording", TRANSCRIPT: "transcript"}
"""Indexes that are no chunk, as sentences name them."""
SHORT_PLACES = {WHOLE: "whole", TRANSCRIPT: "transcript"}
"""The same in tables."""


def kept(connection: Connection, recording_id: UUID) -> bool:
    """Prints which parts of a report are older than its last round, because repeating them failed;
    returns true if there are any."""
    places = rounds.kept_answers(connection, recording_id)
    if places:
        say(
            f"{str(recording_id)[:8]}: doing {described(places)} again failed,"
            " and what was known stays; see the workers' logs"
        )
    return bool(places)


def described(places: Mapping[int, Iterable[str]]) -> str:
    """For example ``asr of 3 chunks, diarization of the whole recording``."""
    chunks: dict[str, list[int]] = {}
    for index, names in places.items():
        for name in names:
            chunks.setdefault(name, []).append(index)
    return (
        ", ".join(f"{name} of {_places(chunks[name])}" for name in sorted(chunks))
        or "nothing to do"
    )


def _places(chunks: Sequence[int]) -> str:
    if len(chunks) == 1 and chunks[0] in PLACES:
        return f"the {PLACES[chunks[0]]}"
    return "1 chunk" if len(chunks) == 1 else f"{len(chunks)} chunks"
