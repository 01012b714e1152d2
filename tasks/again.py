"""Asks for a part of a recording's analyses again."""

from collections.abc import Collection, Mapping
from uuid import UUID

from analysis.errors import Permanent
from analysis.types import WHOLE
from models.catalog import default_releases
from storage import releases, rounds
from storage.db import Connection
from storage.rounds import Choice
from tasks.dispatch import dispatch
from workers.registry import cards


def rerun(connection: Connection, recording_id: UUID, choice: Choice) -> int:
    """Dispatches what ``choice`` names and returns how many analyses of chunks that are; 0, and nothing happens, when it names
    nothing.

    Raises:
        Permanent: the recording is not finished, was never decoded, or was not cut into chunks.
        Unavailable: Redis or Postgres is away; what was asked for is dispatched when it is back.
    """
    scopes = {card.name: card.scope for card in cards()}
    active = {name: release.name for name, release in {**default_releases(), **releases.active(connection)}.items()}
    with connection.transaction():
        wanted = rounds.choose(connection, recording_id, choice, scopes, active)
        cut = any(index != WHOLE for index in wanted)
        if not cut and any(scopes[name] == "chunk" for name in choice.analyses):
            raise Permanent("not_cut", f"recording {recording_id} was not cut into chunks; ingest it again with --force")
    return again(connection, recording_id, wanted)


def again(connection: Connection, recording_id: UUID, wanted: Mapping[int, Collection[str]]) -> int:
    """Does these analyses of these chunks once more, in a new round; returns how many they are."""
    if wanted:
        rounds.reopen(connection, recording_id, wanted)
        dispatch(recording_id)
    return sum(len(names) for names in wanted.values())
