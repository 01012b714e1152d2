"""Analyses recordings of a tenant again."""

import logging
from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from earshot.analysis.errors import Permanent, Unavailable
from earshot.analysis.request import check_names
from earshot.analysis.states import RecordingState
from earshot.analysis.types import SpeakerCount
from earshot.pipeline.intake.restart import restart
from earshot.pipeline.rerun import plan, start_round
from earshot.storage.postgres import db
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.rounds import COUNTS_SPEAKERS, Choice
from gateway.problems import Problem
from gateway.reading import owned
from gateway.submitting import NOT_PUBLISHED, check_room
from tasks import publisher

log = logging.getLogger(__name__)

CONFLICTS = ("still_open", "audio_expired", "never_decoded", "same_content")
"""Errors of the state of a recording."""


class Begun(NamedTuple):
    """A recording, and what of it is analysed again."""

    id: UUID
    state: RecordingState
    round: int
    jobs: int
    """Pairs of chunk and analysis; 0 if there is nothing to repeat."""


def choice(
    analyses: tuple[str, ...],
    speakers: SpeakerCount | None,
    *,
    failed: bool,
    missing: bool,
    stale: bool,
) -> Choice:
    """What a request selects. A number of speakers repeats diarization.

    Raises:
        Misconfigured: ``analyses``, there is no such analysis.
        Problem: 422, nothing is selected.
    """
    names = tuple(dict.fromkeys([*analyses, *([COUNTS_SPEAKERS] if speakers else [])]))
    if names:
        check_names(names)
    elif not (failed or missing or stale):
        raise Problem(
            422,
            "nothing_named",
            "Name what to repeat: `analyses`, `failed`, `missing`, `stale` or `speakers`.",
        )
    return Choice(failed=failed, missing=missing, stale=stale, analyses=names, speakers=speakers)


def rerun(tenant: str, recording_id: UUID, wanted: Choice) -> Begun:
    """Asks for these analyses again; earlier answers stay until the new ones are merged.

    Raises:
        Problem: 404, 409, 410, 503, too much work waits already.
        Unavailable: Postgres or Redis is unavailable.
    """
    check_room()
    with db.pooled() as connection:
        found = owned.recording(connection, tenant, recording_id)
        try:
            if not found.state.closed:
                raise Permanent("still_open", f"the recording is {found.state}; wait for its end")
            jobs = _begin(connection, found.id, wanted)
        except Permanent as error:
            if error.code not in CONFLICTS:
                raise
            raise Problem(409, error.code, str(error)) from error
        now = owned.recording(connection, tenant, found.id)
    return Begun(now.id, now.state, now.round, jobs)


def _begin(connection: Connection, recording_id: UUID, wanted: Choice) -> int:
    if wanted.failed and _published(lambda: restart(connection, publisher, recording_id)):
        return 1
    places = plan(connection, recording_id, wanted)
    _published(lambda: start_round(connection, publisher, recording_id, places, wanted.speakers))
    return sum(len(names) for names in places.values())


def _published(do: Callable[[], int]) -> int:
    """The result of ``do``; 1 if Redis did not take what it has stored, which upkeep publishes.

    Raises:
        Unavailable: Postgres or the store is unavailable.
    """
    try:
        return do()
    except Unavailable as error:
        if error.code != NOT_PUBLISHED:
            raise
        log.warning("upkeep publishes what Redis did not take: %s", error)
        return 1
