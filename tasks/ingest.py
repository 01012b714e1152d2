"""Takes a recording in: read once, checked, decoded, cut into chunks, written to the ledger, dispatched."""

import logging
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from celery.exceptions import SoftTimeLimitExceeded

from analysis.errors import EarshotError, Permanent, Transient
from analysis.request import IngestReply, IngestRequest
from analysis.types import WHOLE, Interval
from audio.inbox import discard_upload
from audio.plan import PlanLimits, speech_in
from audio.prepare import Prepared, prepare
from audio.probe import probe
from audio.source import content_hash, open_source
from audio.store import delete_recording
from settings import Settings, settings
from storage import db, outbox, recordings, redis
from storage.recordings import NewChunk
from tasks.app import Stage, app
from tasks.dispatch import dispatch
from workers.registry import analyses, cards

log = logging.getLogger(__name__)

DEFAULT_ROLES = ("agent", "customer")
"""Who speaks on which channel of a two-channel recording, unless the request says otherwise."""

WAITED_FOR = ("postgres_away", "redis_away", "busy")
"""What a request waits for as long as it takes; any other trouble of the surroundings is told after ``TRIES``."""
TRIES = 4


@app.task(name="ingest.recording", bind=True)
def ingest_recording(self: Stage, payload: dict[str, Any]) -> dict[str, Any]:
    """Body of ``ingest.recording``; takes an ``IngestRequest``, returns an ``IngestReply``, both as JSON."""
    request = IngestRequest.model_validate(payload)
    recording_id = request.recording_id or uuid5(NAMESPACE_URL, f"earshot:task:{self.request.id}")
    try:
        reply = _ingest(recording_id, request)
    except Transient as error:
        if error.code in WAITED_FOR or self.request.retries < TRIES:
            raise
        reply = _failed(recording_id, error)
    except EarshotError as error:
        reply = _failed(recording_id, error)
    except SoftTimeLimitExceeded:
        limit = f"it was not decoded within {settings().task_time_limit_sec} s"
        reply = _failed(recording_id, Permanent("timeout", f"{limit}; raise EARSHOT_TASK_TIME_LIMIT_SEC"))
    except Exception as error:  # whatever it is, the recording is closed with the reason instead of staying open for ever
        log.exception("recording %s cannot be taken in", recording_id)
        reply = _failed(recording_id, Permanent("ingest_failed", f"{type(error).__name__}: {error}".splitlines()[0]))
    discard_upload(request.uri, settings().store_url)
    return reply.model_dump(mode="json")


def _ingest(recording_id: UUID, request: IngestRequest) -> IngestReply:
    config = settings()
    wanted, language = request.analyses or tuple(analyses()), request.language or config.language
    with recordings.exclusive(config.database_url, recording_id) as connection:
        recordings.register(connection, recording_id, request, wanted, language)
        attempt = recordings.start_ingest(connection, recording_id)
        if attempt > config.max_attempts:
            raise Permanent("gave_up", f"decoding it ended its worker {config.max_attempts} times")
        if attempt:
            _check_analyses(request)
            with open_source(request.uri, config.roots, config.store_url) as path:
                owner = recordings.claim_content(connection, recording_id, content_hash(path))
                if owner is not None:
                    return _reply(owner, duplicate=True)
                _take_in(recording_id, request, path)
    dispatch(recording_id)
    return _reply(recording_id)


def _take_in(recording_id: UUID, request: IngestRequest, path: Path) -> None:
    config = settings()
    roles = _roles(request.roles, probe(path).channels)
    prepared = prepare(
        path,
        recording_id,
        config.store_url,
        rates={card.sample_rate for card in cards()},
        limits=_limits(config),
        mix=not roles,
        accept_truncated=request.accept_truncated,
    )
    facts = {
        "duration_ms": prepared.duration_ms,
        "channels": prepared.channels,
        "native_rate": prepared.native_rate,
        "container": prepared.container,
        "codec": prepared.codec,
        "dual_mono": prepared.dual_mono,
        "audio": {str(rate): uri for rate, uri in prepared.audio.items()},
        "notes": list(prepared.notes),
        "roles": [] if prepared.dual_mono else list(roles),
    }
    with db.pooled(config.database_url) as connection:
        recordings.store_plan(connection, recording_id, facts, _chunks(request, prepared))


def _chunks(request: IngestRequest, prepared: Prepared) -> list[NewChunk]:
    wanted = set(request.analyses or analyses())
    scopes = {card.scope for card in cards() if card.name in wanted}
    whole = Interval(start_ms=0, end_ms=prepared.duration_ms)
    spans = [(WHOLE, whole)] if "recording" in scopes else []
    spans += enumerate(prepared.chunks) if "chunk" in scopes else []
    return [NewChunk(index=index, span=span, speech=speech_in(span, prepared.utterances)) for index, span in spans]


def _limits(config: Settings) -> PlanLimits:
    seconds = (config.chunk_duration_sec, config.chunk_max_sec, config.overlap_sec)
    target, longest, overlap = (round(each * 1000) for each in seconds)
    return PlanLimits(target_ms=target, max_ms=longest, overlap_ms=overlap)


def _roles(asked: tuple[str, ...] | None, channels: int) -> tuple[str, ...]:
    """One role per channel, or none: then the channels do not separate the speakers and are mixed."""
    if asked is None:
        return DEFAULT_ROLES if channels == len(DEFAULT_ROLES) else ()
    if asked and len(asked) != channels:
        raise Permanent("roles", f"{len(asked)} roles for {channels} channels; name one role per channel, or none")
    return asked


def _check_analyses(request: IngestRequest) -> None:
    unknown = set(request.analyses or ()) - set(analyses())
    if unknown or request.analyses == ():
        raise Permanent("analyses", f"no analysis named {', '.join(sorted(unknown)) or '-'}; there are {', '.join(analyses())}")


def _failed(recording_id: UUID, error: EarshotError) -> IngestReply:
    """Closes the recording, unless another delivery of the same request has brought it further already."""
    with db.pooled(settings().database_url) as connection:
        if recordings.fail(connection, recording_id, error, ("queued", "ingesting")):
            delete_recording(settings().store_url, recording_id)
        outbox.relay(connection, redis.client(settings().redis_url))
    return _reply(recording_id)


def _reply(recording_id: UUID, duplicate: bool = False) -> IngestReply:
    with db.pooled(settings().database_url) as connection:
        recording = recordings.get(connection, recording_id)
    if recording is None:
        raise Permanent("deleted", "the recording was deleted while it was taken in")
    error = {"code": recording.error_code, "detail": recording.error_detail} if recording.error_code else None
    return IngestReply(recording_id=recording_id, state=recording.state, duplicate=duplicate, error=error)
