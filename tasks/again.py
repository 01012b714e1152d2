"""Asks for a part of a recording's analyses again."""

from collections.abc import Collection, Mapping
from uuid import UUID

from analysis.errors import Permanent
from analysis.types import WHOLE, SpeakerCount
from storage import rounds
from storage.db import Connection
from storage.rounds import Choice
from tasks.active import active
from tasks.dispatch import dispatch
from workers.registry import analyses, cards


def plan(connection: Connection, recording_id: UUID, choice: Choice) -> dict[int, set[str]]:
    """Chunk index to the analyses that ``choice`` names; nothing is asked for yet.

    Raises:
        Permanent: ``unknown_recording``; ``not_cut``, it has no chunks to do the named analyses on.
    """
    scopes = {card.name: card.scope for card in cards()}
    with connection.transaction():
        names = {name: release.name for name, release in active(connection).items()}
        wanted = rounds.choose(connection, recording_id, choice, scopes, names)
    cut = any(index != WHOLE for index in wanted)
    if not cut and any(scopes[name] == "chunk" for name in choice.analyses):
        raise Permanent("not_cut", f"recording {recording_id} was not cut into chunks; ingest its file again with --force")
    return wanted


def again(
    connection: Connection, recording_id: UUID, wanted: Mapping[int, Collection[str]], speakers: SpeakerCount | None = None
) -> int:
    """Does these analyses of these chunks once more, in a new round, and returns how many they are; for none it does nothing.
    ``speakers``: as in ``Choice``.

    Raises:
        Permanent: ``still_open``, ``never_decoded``, ``same_content``, or ``unknown_analysis``: it is not in the registry
            any more.
        Unavailable: Redis or Postgres is away; what was asked for is dispatched when it is back.
    """
    gone = {name for names in wanted.values() for name in names} - set(analyses())
    if gone:
        raise Permanent("unknown_analysis", f"there is no analysis {', '.join(sorted(gone))} (any more)")
    if wanted:
        rounds.reopen(connection, recording_id, wanted, speakers)
        dispatch(recording_id)
    return sum(len(names) for names in wanted.values())
