"""``earshot rerun``: repeats selected analyses of selected recordings; old answers stay until the
new ones are merged."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from uuid import UUID

from cli.chosen import Filter, check, chosen
from cli.deliver import deliver, patience
from cli.ingest import speaker_count
from cli.terminal.console import say, show
from cli.terminal.places import described, kept
from earshot.analysis.errors import Misconfigured, Permanent
from earshot.analysis.request import check_names
from earshot.analysis.types import SpeakerCount
from earshot.pipeline.intake.restart import restart
from earshot.pipeline.rerun import plan, start_round
from earshot.storage.postgres import recordings, requests
from earshot.storage.postgres.db import Connection, connect
from earshot.storage.postgres.rounds import COUNTS_SPEAKERS, Choice
from producer.admission import wait_for_room
from producer.submit import Submission
from tasks import publisher


def choice(
    named: Sequence[str], speakers: str | None = None, *, missing: bool, failed: bool, stale: bool
) -> Choice:
    """The choice of the command line; ``named`` holds names of analyses, several of them with
    commas. A number of ``speakers`` repeats diarization.

    Raises:
        Misconfigured: nothing is selected, there is no such analysis, or ``speakers`` is not a
            number of speakers.
    """
    called = [*named, *([COUNTS_SPEAKERS] if speakers else [])]
    names = tuple(
        dict.fromkeys(name.strip() for each in called for name in each.split(",") if name.strip())
    )
    if names:
        check_names(names)
    if not (names or missing or failed or stale):
        raise Misconfigured(
            "rerun", "name what to repeat: --missing, --failed, --stale or --analysis NAME"
        )
    count = speaker_count(speakers) if speakers else None
    return Choice(missing=missing, failed=failed, stale=stale, analyses=names, speakers=count)


def rerun(
    prefixes: Sequence[str], where: Filter, wanted: Choice, *, wait: bool, dry_run: bool
) -> int:
    """Requests the analyses in ``wanted`` for the recordings, and with ``wait`` prints the new
    reports. Returns 1 if any of them could not be requested.

    Raises:
        Misconfigured: both ids and a filter are given, or neither.
        Permanent: no recording, or several, begin with one of the ids.
    """
    check(prefixes, where)
    with connect() as connection:
        asked, refused = _ask(
            connection, chosen(connection, prefixes, where, decoded=True), wanted, dry_run
        )
        failed = _delivered(asked) if wait and asked else 0
        if wait:
            failed += sum(kept(connection, each.recording_id) for each in asked)
    return 1 if failed or refused else 0


def _ask(
    connection: Connection, ids: Iterable[UUID], wanted: Choice, dry_run: bool
) -> tuple[list[Submission], int]:
    asked, refused = [], 0
    for recording_id in ids:
        try:
            if wanted.failed and _restarted(connection, recording_id, dry_run):
                asked += [] if dry_run else [_submission(connection, recording_id)]
                show(f"{str(recording_id)[:8]}  all of it: it was never decoded")
                continue
            places = plan(connection, recording_id, wanted)
            if places and not dry_run:
                asked.append(ask(connection, recording_id, places, wanted.speakers))
        except Permanent as error:
            refused += 1
            say(f"{error.code}: {error}")
            continue
        show(f"{str(recording_id)[:8]}  {described(places)}")
    return asked, refused


def ask(
    connection: Connection,
    recording_id: UUID,
    places: Mapping[int, Iterable[str]],
    speakers: SpeakerCount | None = None,
) -> Submission:
    """Asks for these analyses of these chunks again, once there is room for them; returns what to
    follow.

    Raises:
        Permanent: ``still_open``, ``never_decoded``, ``same_content`` or ``unknown_analysis``.
    """
    with patience() as patient:
        wait_for_room(patient)
    wanted = {index: set(names) for index, names in places.items()}
    start_round(connection, publisher, recording_id, wanted, speakers)
    return _submission(connection, recording_id)


def _restarted(connection: Connection, recording_id: UUID, dry_run: bool) -> bool:
    return (
        bool(requests.restartable(connection, recording_id))
        if dry_run
        else restart(connection, publisher, recording_id)
    )


def _submission(connection: Connection, recording_id: UUID) -> Submission:
    name = recordings.progress(connection, [recording_id])[recording_id].file_name
    return Submission(path=Path(name), recording_id=recording_id, task_id=None)


def _delivered(asked: Sequence[Submission]) -> int:
    with patience() as patient:
        return deliver(patient, asked, None)
