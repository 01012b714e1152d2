"""Answers a request with the stored recording of the same id or content; adds missing analyses and
lists differing options."""

import logging
from contextlib import nullcontext
from uuid import UUID

from earshot.analysis.errors import EarshotError, OutOfTime, Permanent, Transient
from earshot.analysis.request import Differing, IngestReply, IngestRequest
from earshot.analysis.roles import ChannelRoles
from earshot.analysis.states import RecordingState
from earshot.audio.store.source import content_hash
from earshot.pipeline.dispatch import dispatch
from earshot.pipeline.intake.decode import decode_again, source
from earshot.pipeline.plan import requested
from earshot.pipeline.ports import Publisher
from earshot.pipeline.rerun import extend
from earshot.settings import settings
from earshot.storage.postgres import db, recordings, requests, rounds, tombstones
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.recordings import Recording
from earshot.storage.redis import answered
from earshot.storage.redis import client as redis

log = logging.getLogger(__name__)


class IdTaken(Permanent):
    """The id belongs to another request. Codes: ``id_taken``, the files differ; ``not_comparable``,
    the files cannot be compared, because one of them cannot be read."""


def same_file(connection: Connection, recording_id: UUID, request: IngestRequest) -> IngestRequest:
    """The first request with that id, with the URI of this one.

    Raises:
        IdTaken: the files differ, or can never be compared.
        Transient: ``busy``, the files cannot be compared yet.
    """
    recording = recordings.get(connection, recording_id)
    if recording is None:
        raise Transient("busy", f"recording {recording_id} was deleted just now")
    first = IngestRequest.model_validate(recording.request)
    if recording.tenant != request.tenant:  # nothing is compared, nothing revealed
        raise _taken("id_taken", recording_id, "stands for another file")
    if first.uri != request.uri:
        _compare(connection, recording, request.uri)
    return first.model_copy(update={"uri": request.uri})


def _compare(connection: Connection, recording: Recording, uri: str) -> None:
    """Returns if the file at that URI is, or may still become, that of the recording; raises as
    ``same_file`` otherwise."""
    if recording.sha256 is None and recording.finished_at is None:
        raise Transient("busy", f"recording {recording.id} is to be read from another URI first")
    if recording.sha256 is None:
        if recording.id not in requests.restartable(connection, recording.id):
            raise _taken(
                "not_comparable",
                recording.id,
                f"failed with {recording.error_code} before its file was read",
            )
    elif recording.sha256 != _content(recording.id, uri):
        raise _taken("id_taken", recording.id, "stands for another file")


def _taken(code: str, recording_id: UUID, reason: str) -> IdTaken:
    return IdTaken(
        code,
        f"the id {recording_id} {reason}; submit this request without an id, or with a new one",
    )


def _content(recording_id: UUID, uri: str) -> str:
    """SHA-256 of the file.

    Raises:
        IdTaken: ``not_comparable``, it cannot be read; the recording that has the id must not be
            closed for that.
    """
    try:
        with source(uri) as file:
            return content_hash(file)
    except Transient as error:
        raise Transient(
            "busy", f"the file of {recording_id} cannot be compared with this one: {error}"
        ) from error
    except EarshotError as error:
        reason = f"{error.code}: {error}"
    except OutOfTime:
        reason = f"timeout: it was not read within {settings().task_time_limit_sec} s"
    except Exception as error:
        log.exception("the file of %s cannot be compared with this one", recording_id)
        reason = type(error).__name__
    raise _taken(
        "not_comparable", recording_id, f"is in use, and this file cannot be read ({reason})"
    )


def answer(
    connection: Connection,
    publisher: Publisher,
    recording_id: UUID,
    stored: UUID,
    request: IngestRequest,
) -> IngestReply:
    """Answers the request ``recording_id`` with its own recording, or with the one of the same
    content; analyses that were not requested before are added.

    Raises:
        Transient: ``busy``, analyses are missing and the recording is still being analysed or
            decoded.
        Permanent: ``audio_expired``, analyses are missing and the request's file has changed.
        Unavailable: Redis or Postgres is unavailable.
    """
    own = stored == recording_id
    recording = recordings.get(connection, stored)
    if not own and (recording is None or recording.state == RecordingState.FAILED):
        raise Transient("busy", f"recording {stored} of the same content failed just now")
    dispatch(connection, publisher, stored)
    added = _added(connection, publisher, stored, request, own=own)
    found = reply(
        stored,
        duplicate=not own,
        added=added,
        differs=_differs(connection, stored, request, own=own),
    )
    if not own:  # last, so that the request is sent again after a crash before this
        answered.keep(redis.client(), recording_id, request, found, _kept_sec())
        recordings.forget(connection, recording_id)
    return found


def earlier(
    connection: Connection, recording_id: UUID, request: IngestRequest
) -> IngestReply | None:
    """The stored reply to another delivery of the same request: a waiting request is sent again,
    and its file may be gone once it is answered. None if the recording of the reply was deleted
    since: the request then starts anew."""
    found = answered.find(redis.client(), recording_id, request)
    if found is None or recordings.get(connection, found.recording_id) is None:
        return None
    own = recordings.get(connection, recording_id)
    if (
        own is not None
        and answered.same(IngestRequest.model_validate(own.request), request)
        and recordings.same_as(connection, recording_id)
    ):  # a crash left the row
        recordings.forget(connection, recording_id)
    return found


def _kept_sec() -> int:
    """How long a second delivery may wait behind the first: in a long queue, or for unavailable
    dependencies, as long as any request waits; and no less than Redis takes to deliver it again."""
    return max(int(settings().wait_sec), settings().late_job_sec)


def _added(
    connection: Connection,
    publisher: Publisher,
    stored: UUID,
    request: IngestRequest,
    *,
    own: bool,
) -> tuple[str, ...]:
    """Requests the missing analyses and returns them. Audio that retention removed is decoded again
    from the request's file."""
    # A late copy of the first request must not override a number of speakers that was named since.
    asked = (_as_stored(connection, stored, request), None if own else request.speakers)
    try:
        return extend(connection, publisher, stored, *asked)
    except Permanent as error:
        if error.code != "audio_expired":
            raise
    with nullcontext() if own else requests.exclusive(stored):
        recording = recordings.get(connection, stored)
        if recording is not None and recording.finished_at is not None and not recording.audio:
            decode_again(connection, recording, request.uri)
        return extend(connection, publisher, stored, *asked)


def _as_stored(connection: Connection, stored: UUID, request: IngestRequest) -> tuple[str, ...]:
    """The analyses that the request names. Redaction is settled before the first one: words and
    sound of a recording that is not redacted are stored by then."""
    recording = recordings.get(connection, stored)
    redact = recording.redact if recording else ()
    return requested(request.model_copy(update={"redact": redact or None}))


def _differs(
    connection: Connection, stored: UUID, request: IngestRequest, *, own: bool
) -> tuple[Differing, ...]:
    """Options in which the request differs from the recording; a recording found by content
    (``own=False``) has the same language and roles."""
    recording = recordings.get(connection, stored)
    if recording is None:
        return ()
    asked, first = request.model_dump(mode="json"), recording.request
    before = IngestRequest.model_validate(first).stated_roles
    counted = not recording.roles and rounds.COUNTS_SPEAKERS in requested(request)
    differing: dict[Differing, bool] = {
        "roles": own and _only(request.stated_roles) != _only(before),
        "language": own and (request.language or settings().language) != recording.language,
        "speakers": counted and asked["speakers"] != first.get("speakers"),
        "glossary": request.glossary is not None and request.glossary != first.get("glossary"),
        "redact": not set(request.redacted_kinds) <= set(recording.redact),
    }
    return tuple(name for name, is_so in differing.items() if is_so)


def _only(stated: ChannelRoles | None) -> tuple[str, ...] | None:
    return None if stated is None else stated.roles


def reply(
    recording_id: UUID,
    *,
    duplicate: bool = False,
    added: tuple[str, ...] = (),
    differs: tuple[Differing, ...] = (),
) -> IngestReply:
    """Builds the reply from the recording's current state."""
    with db.pooled() as connection:
        recording = recordings.get(connection, recording_id)
    if recording is None:
        # without the cause, which names the recording and would stay in the result
        raise tombstones.deleted() from None
    error = (
        {"code": recording.error_code, "detail": recording.error_detail}
        if recording.error_code
        else None
    )
    return IngestReply(
        recording_id=recording_id,
        state=recording.state,
        duplicate=duplicate,
        added=added,
        differs=differs,
        error=error,
    )
