"""Takes a recording in: read once, checked, decoded, cut into chunks, written to the ledger,
dispatched."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from celery.exceptions import SoftTimeLimitExceeded

from earshot.analysis.errors import SURROUNDINGS, EarshotError, Permanent, Transient, Unavailable
from earshot.analysis.request import IngestReply, IngestRequest
from earshot.analysis.roles import roles_of
from earshot.analysis.types import WHOLE, Interval
from earshot.audio.decoding.probe import Probe, probe
from earshot.audio.media_file import MediaFile
from earshot.audio.plan import speech_in
from earshot.audio.prepare import Prepared
from earshot.audio.store.inbox import discard_upload
from earshot.audio.store.pcm import delete_recording
from earshot.audio.store.source import content_hash
from earshot.registry import analyses, cards
from earshot.settings import settings
from earshot.storage import outbox
from earshot.storage.postgres import db, ledger, recordings, requests, tombstones
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.dead_letters import QUARANTINE_AFTER
from earshot.storage.postgres.recordings import NewChunk
from earshot.storage.redis import client as redis
from earshot.storage.redis import presence, waits
from tasks import asked_before
from tasks.again import plan_limits
from tasks.app import Stage, app, step_sec
from tasks.asked_before import IdTaken
from tasks.decode import decode, source
from tasks.process.presence import claim

log = logging.getLogger(__name__)


@app.task(name="ingest.recording", bind=True)
def ingest_recording(self: Stage, payload: dict[str, Any]) -> dict[str, Any]:
    """Body of ``ingest.recording``; takes an ``IngestRequest``, returns an ``IngestReply``, both as
    JSON."""
    request = IngestRequest.model_validate(payload)
    recording_id = request.recording_id or uuid5(NAMESPACE_URL, f"earshot:task:{self.request.id}")
    try:
        reply = _ingest(recording_id, request)
    # nothing of the recording that has the id is touched or told, and the file stays where it is
    except IdTaken as error:
        told = {"code": error.code, "detail": str(error)}
        return IngestReply(recording_id=recording_id, state="failed", error=told).model_dump(
            mode="json"
        )
    except Transient:
        raise  # it is tried again
    except EarshotError as error:
        reply = _failed(recording_id, error)
    except SoftTimeLimitExceeded:
        limit = f"it was not decoded within {settings().task_time_limit_sec} s"
        reply = _failed(
            recording_id, Permanent("timeout", f"{limit}; {settings().task_limit_advice}")
        )
    # whatever it is, the recording is closed with the reason instead of staying open for ever
    except Exception as error:
        log.exception("recording %s cannot be taken in", recording_id)
        reply = _failed(
            recording_id,
            Permanent("ingest_failed", f"{type(error).__name__}: {error}".splitlines()[0]),
        )
    if reply.error is None or reply.error["code"] not in SURROUNDINGS:
        discard_upload(request.uri, settings().store_url)
    return reply.model_dump(mode="json")


def _ingest(recording_id: UUID, request: IngestRequest) -> IngestReply:
    config = settings()
    wanted, language = request.analyses or tuple(analyses()), request.language or config.language
    with requests.exclusive(recording_id) as connection:
        is_new = recordings.register(connection, recording_id, request, wanted, language)
        first = request if is_new else asked_before.same_file(connection, recording_id, request)
        requests.restart(connection, recording_id, request.uri)
        _admit(connection, recording_id)
        is_tried = _is_tried(connection, recording_id)
        try:
            owner = _owner(connection, recording_id, first) if is_tried else recording_id
            return asked_before.answer(connection, recording_id, owner, request)
        except Transient as error:
            _put_off(recording_id, error)
            raise


def _put_off(recording_id: UUID, error: Transient) -> None:
    """Raises:
    Permanent: with the same code, when surroundings that fail were waited for long enough.
    """
    with db.pooled() as fresh:  # the other connection may be what has failed
        if not isinstance(error, Unavailable):
            requests.excuse(fresh, recording_id)
        elif requests.waits(fresh, recording_id, error.code, step_sec()) > settings().wait_sec:
            again = f"`earshot rerun {recording_id} --failed` tries it again"
            waited = f"it was waited for during {settings().wait_days:g} days"
            raise Permanent(error.code, f"{error}; {waited}; {again}") from error


def _is_tried(connection: Connection, recording_id: UUID) -> bool:
    """Counts an attempt at decoding; False when an earlier delivery of the request got further.

    Raises:
        Permanent: ``gave_up``, as many attempts as are allowed have ended their workers. One that
            was stopped in an orderly way, with a goodbye, does not count.
    """
    client = redis.client()
    attempt = requests.start(connection, recording_id, claim().worker)
    if attempt is None:
        return False
    waits.started(client, "ingest", attempt.sent_at)
    before = presence.named(client, [attempt.worker_before] if attempt.worker_before else [])
    stopped = any(worker.left for worker in before.values())
    if stopped:
        requests.excuse(connection, recording_id)
    if attempt.number - stopped > settings().max_attempts:
        raise Permanent("gave_up", f"decoding it ended its worker {settings().max_attempts} times")
    return True


def _admit(connection: Connection, recording_id: UUID) -> None:
    """Work is taken in only while there is room for it: what waits in Redis stays bounded, whoever
    is slow."""
    waiting, bound = (
        ledger.unmerged(connection) + requests.ahead(connection, recording_id),
        settings().max_unmerged_chunks,
    )
    if waiting >= bound:
        requests.put_off(connection, recording_id)
        raise Transient(
            "backlog",
            f"{waiting} chunks wait to be merged, which is the bound; the recording is taken in"
            " later",
        )


def _owner(connection: Connection, recording_id: UUID, request: IngestRequest) -> UUID:
    """Decodes and plans the recording and returns its id; or that of the one that has the same
    content, in the same language and with the same roles, already. That is found out once: a large
    file is not read with every try while it waits."""
    _check_analyses(request)
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
                f"taking in {times} ended every worker that tried; it is not tried again",
            )
        found = probe(file)
        roles = roles_of(request.roles, found.channels, found.chosen.roles)
        owner = recordings.claim_content(connection, recording_id, roles)
        if owner is None:
            requests.expect(
                connection, recording_id, plan_limits().expected_chunks(found.expected_ms)
            )
            _decode(recording_id, request, file, roles, found)
    return owner or recording_id


def _decode(
    recording_id: UUID,
    request: IngestRequest,
    file: MediaFile,
    roles: tuple[str, ...],
    found: Probe,
) -> None:
    config = settings()
    prepared = decode(
        recording_id, file, found, mix=not roles, accept_truncated=request.accept_truncated
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
        "roles": [] if prepared.dual_mono else list(roles),
    }
    with db.pooled() as connection:
        stored = recordings.store_plan(connection, recording_id, facts, _chunks(request, prepared))
        if not stored and tombstones.buried(connection, [recording_id]):
            delete_recording(config.store_url, recording_id)
            raise tombstones.deleted()


def _chunks(request: IngestRequest, prepared: Prepared) -> list[NewChunk]:
    asked = request.analyses or tuple(analyses())
    wanted = {
        scope: tuple(c.name for c in cards() if c.scope == scope and c.name in asked)
        for scope in ("recording", "chunk")
    }
    whole = Interval(start_ms=0, end_ms=prepared.duration_ms)
    spans = [(WHOLE, whole, wanted["recording"])] if wanted["recording"] else []
    spans += (
        [(index, span, wanted["chunk"]) for index, span in enumerate(prepared.chunks)]
        if wanted["chunk"]
        else []
    )
    return [
        NewChunk(index=index, span=span, speech=speech_in(span, prepared.utterances), wanted=names)
        for index, span, names in spans
    ]


def _check_analyses(request: IngestRequest) -> None:
    unknown = set(request.analyses or ()) - set(analyses())
    if unknown or request.analyses == ():
        raise Permanent(
            "analyses",
            f"no analysis named {', '.join(sorted(unknown)) or '-'}; there are"
            f" {', '.join(analyses())}",
        )


def _failed(recording_id: UUID, error: EarshotError) -> IngestReply:
    """Closes the recording, unless it is further already: then its state stands, and only the reply
    tells what went wrong."""
    with db.pooled() as connection:
        closed = recordings.fail(connection, recording_id, error, ("queued", "ingesting"))
        with _as_far_as_possible("telling that recording %s failed", recording_id):
            outbox.relay(connection, redis.client())
    if closed:
        with _as_far_as_possible("removing what was decoded of recording %s", recording_id):
            delete_recording(settings().store_url, recording_id)
    reply = asked_before.reply(recording_id)
    return (
        reply
        if reply.error
        else reply.model_copy(update={"error": {"code": error.code, "detail": str(error)}})
    )


@contextmanager
def _as_far_as_possible(what: str, name: object) -> Iterator[None]:
    """Around what follows the decision about a request, which stands: no trouble in it is a reason
    to take it up again."""
    try:
        yield
    except EarshotError as error:
        log.warning(f"{what}: %s", name, error)
