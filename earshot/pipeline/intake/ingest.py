"""Ingests a recording: reads, checks and decodes its file, cuts it into chunks, stores and
dispatches them."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from earshot.analysis.errors import (
    SURROUNDINGS,
    EarshotError,
    OutOfTime,
    Permanent,
    Transient,
    one_line,
)
from earshot.analysis.request import IngestReply, IngestRequest, check_names
from earshot.analysis.roles import ChannelRoles, SourceRecorder, roles_of
from earshot.analysis.states import RecordingState
from earshot.audio.decoding.probe import Probe, probe
from earshot.audio.media_file import MediaFile
from earshot.audio.store.inbox import discard_upload
from earshot.audio.store.layout import delete_recording
from earshot.audio.store.source import content_hash, resolved
from earshot.pipeline.intake import duplicates
from earshot.pipeline.intake.admission import admit, count_attempt, put_off
from earshot.pipeline.intake.decode import decode, source
from earshot.pipeline.intake.duplicates import IdTaken
from earshot.pipeline.intake.submit import redact_more, register, with_redaction
from earshot.pipeline.keeping.remembering import remembered
from earshot.pipeline.plan import new_chunks, plan_limits, requested
from earshot.pipeline.ports import Claimant, Publisher
from earshot.pipeline.topics.glossaries import check_name
from earshot.settings import settings
from earshot.storage import outbox
from earshot.storage.postgres import db, recordings, requests, tombstones
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.dead_letters import QUARANTINE_AFTER
from earshot.storage.redis import client as redis

log = logging.getLogger(__name__)


def ingest(
    recording_id: UUID, request: IngestRequest, publisher: Publisher, claimant: Claimant
) -> IngestReply:
    """Ingests one request: decodes its file, stores audio and chunks, publishes the chunks; or
    answers with the stored recording of the same id or content. A request that cannot succeed
    closes its recording as failed.

    Raises:
        Transient: retry later: ``busy``, ``backlog``, or a dependency is unavailable.
    """
    request = with_redaction(request, resolved(request.uri))
    try:
        reply = _ingest(recording_id, request, publisher, claimant)
    # the recording with that id is unchanged, and the file is kept
    except IdTaken as error:
        return IngestReply(
            recording_id=recording_id, state=RecordingState.FAILED, error=_as_json(error)
        )
    except Transient:
        raise  # the task is retried
    except EarshotError as error:
        reply = _failed(recording_id, error)
    except OutOfTime:
        limit = f"not decoded within {settings().task_time_limit_sec} s"
        reply = _failed(
            recording_id, Permanent("timeout", f"{limit}; {settings().task_limit_advice}")
        )
    # an unexpected error closes the recording, which would stay open forever
    except Exception as error:
        log.exception("recording %s cannot be ingested", recording_id)
        reply = _failed(
            recording_id,
            Permanent("ingest_failed", f"{type(error).__name__}: {one_line(error)}"),
        )
    if reply.error is None or reply.error["code"] not in SURROUNDINGS:
        discard_upload(request.uri, settings().store_url)
    return reply


def _ingest(
    recording_id: UUID, request: IngestRequest, publisher: Publisher, claimant: Claimant
) -> IngestReply:
    with requests.exclusive(recording_id) as connection:
        if earlier := duplicates.earlier(connection, recording_id, request):
            return earlier
        is_new = register(connection, recording_id, request)
        first = request if is_new else duplicates.same_file(connection, recording_id, request)
        requests.restart(connection, recording_id, request.uri)
        first = redact_more(connection, recording_id, first, request)
        admit(connection, recording_id)
        is_tried = count_attempt(connection, recording_id, claimant)
        try:
            owner = _owner(connection, recording_id, first) if is_tried else recording_id
            return duplicates.answer(connection, publisher, recording_id, owner, request)
        except Transient as error:
            put_off(recording_id, error)
            raise


def _owner(connection: Connection, recording_id: UUID, request: IngestRequest) -> UUID:
    """Decodes and plans the recording and returns its id; or returns the id of an existing
    recording with the same content, language and roles. The match is stored, so that a large file
    is not read again by every retry."""
    if request.analyses is not None:
        check_names(request.analyses)
    check_name(request.glossary)
    return recordings.same_as(connection, recording_id) or _take_in(
        connection, recording_id, request
    )


def _take_in(connection: Connection, recording_id: UUID, request: IngestRequest) -> UUID:
    with source(request.uri) as file:
        sha256 = content_hash(file)
        recordings.note_content(connection, recording_id, sha256)
        if requests.enders(connection, recording_id, sha256) >= QUARANTINE_AFTER:
            times = f"{QUARANTINE_AFTER} recordings with the same content"
            raise Permanent(
                "quarantined",
                f"decoding {times} ended every worker that tried; it is not tried again",
            )
        found = probe(file)
        roles = _roles(connection, request, found)
        kind_of_content = [*roles.roles, *(f"redact={kind}" for kind in request.redacted_kinds)]
        owner = recordings.claim_content(connection, recording_id, kind_of_content)
        if owner is None:
            requests.expect(
                connection, recording_id, plan_limits().expected_chunks(found.expected_ms)
            )
            _decode(recording_id, request, file, roles, found)
    return owner or recording_id


def _roles(connection: Connection, request: IngestRequest, found: Probe) -> ChannelRoles:
    source = _source(request)
    # the direction of a call says more than what people stated for all calls of the source
    by_direction = source is not None and request.direction is not None
    kept = () if by_direction else remembered(connection, request, found.channels)
    return roles_of(request.stated_roles, found.channels, found.chosen.roles, source, kept)


def _source(request: IngestRequest) -> SourceRecorder | None:
    found = settings().recorder_of(request.uri, request.tenant)
    if found is None or request.direction is None:
        return found
    return found.model_copy(update={"direction": request.direction})


def _decode(
    recording_id: UUID,
    request: IngestRequest,
    file: MediaFile,
    roles: ChannelRoles,
    found: Probe,
) -> None:
    prepared = decode(
        recording_id, file, found, mix=not roles.roles, accept_truncated=request.accept_truncated
    )
    facts = {
        "duration_ms": prepared.duration_ms,
        "channels": prepared.channels,
        "native_rate": prepared.native_rate,
        "container": prepared.container,
        "codec": prepared.codec,
        "dual_mono": prepared.dual_mono,
        "audio": {str(rate): uri for rate, uri in prepared.audio.items()},
        "quality": prepared.quality.model_dump(mode="json"),
        "notes": list(prepared.notes),
        "roles": [] if prepared.dual_mono else list(roles.roles),
        "roles_source": None if prepared.dual_mono else roles.source,
    }
    chunks = new_chunks(
        requested(request), prepared.duration_ms, prepared.chunks, prepared.utterances
    )
    with db.pooled() as connection:
        stored = recordings.store_plan(connection, recording_id, facts, chunks)
        if not stored and tombstones.buried(connection, [recording_id]):
            delete_recording(settings().store_url, recording_id)
            raise tombstones.deleted()


def _failed(recording_id: UUID, error: EarshotError) -> IngestReply:
    """Closes the recording as failed. If it has progressed meanwhile, its state is kept, and only
    the reply contains the error."""
    with db.pooled() as connection:
        closed = recordings.fail(
            connection, recording_id, error, (RecordingState.QUEUED, RecordingState.INGESTING)
        )
        with _as_far_as_possible("publishing the failure of recording %s", recording_id):
            outbox.relay(connection, redis.client())
    if closed:
        with _as_far_as_possible("removing the audio of recording %s", recording_id):
            delete_recording(settings().store_url, recording_id)
    reply = duplicates.reply(recording_id)
    return reply if reply.error else reply.model_copy(update={"error": _as_json(error)})


def _as_json(error: EarshotError) -> dict[str, str]:
    return {"code": error.code, "detail": str(error)}


@contextmanager
def _as_far_as_possible(what: str, name: object) -> Iterator[None]:
    """Logs errors of steps that follow the decision about a request, which must not cause a
    retry."""
    try:
        yield
    except EarshotError as error:
        log.warning(f"{what}: %s", name, error)
