"""Takes a recording in: read once, checked, decoded, cut into chunks, written to the ledger, dispatched."""

from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import ValidationError

from analysis.errors import EarshotError, Misconfigured, Permanent, Transient
from analysis.request import IngestReply, IngestRequest
from analysis.types import WHOLE, Interval
from audio.inbox import discard_upload
from audio.plan import PlanLimits, speech_in
from audio.prepare import Prepared, prepare
from audio.source import content_hash, open_source
from audio.store import delete_recording
from settings import Settings, settings
from storage import db, outbox, recordings, redis
from storage.recordings import NewChunk
from tasks.app import Stage, app
from tasks.dispatch import dispatch
from workers.registry import analyses, cards

DEFAULT_ROLES = ("agent", "customer")
"""Who speaks on which channel of a two-channel call, unless the request says otherwise."""


@app.task(name="ingest.recording", bind=True)
def ingest_recording(self: Stage, payload: dict[str, Any]) -> dict[str, Any]:
    """Body of ``ingest.recording``; takes an ``IngestRequest``, returns an ``IngestReply``, both as JSON."""
    try:
        request = IngestRequest.model_validate(payload)
    except ValidationError as error:
        raise Permanent("invalid_request", f"ingest.recording refuses this request: {_first(error)}") from None
    recording_id = request.recording_id or uuid5(NAMESPACE_URL, f"earshot:task:{self.request.id}")
    try:
        reply = _ingest(recording_id, request)
    except Transient as error:
        if self.request.retries < self.max_retries:
            raise
        reply = _failed(recording_id, error)
    except Permanent as error:
        reply = _failed(recording_id, error)
    discard_upload(request.uri, settings().store_url)
    return reply.model_dump(mode="json")


def _ingest(recording_id: UUID, request: IngestRequest) -> IngestReply:
    config = settings()
    with db.pooled(config.database_url) as connection:
        wanted, language = request.analyses or tuple(analyses()), request.language or config.language
        recordings.register(connection, recording_id, request, wanted, language)
        to_do = recordings.start_ingest(connection, recording_id)
    if to_do:
        _check_analyses(request)
        with open_source(request.uri, config.roots, config.store_url) as path:
            sha256 = content_hash(path)
            with db.pooled(config.database_url) as connection:
                owner = recordings.claim_content(connection, recording_id, sha256)
                if owner is not None:
                    return _reply(owner, duplicate=True)
            prepared = prepare(
                path,
                recording_id,
                config.store_url,
                rates={card.sample_rate for card in cards()},
                limits=_limits(config),
                accept_truncated=request.accept_truncated,
            )
        _plan(recording_id, request, prepared)
    dispatch(recording_id)
    return _reply(recording_id)


def _plan(recording_id: UUID, request: IngestRequest, prepared: Prepared) -> None:
    wanted = set(request.analyses or analyses())
    scopes = {card.scope for card in cards() if card.name in wanted}
    whole = Interval(start_ms=0, end_ms=prepared.duration_ms)
    spans = [(WHOLE, whole)] if "recording" in scopes else []
    spans += enumerate(prepared.chunks) if "chunk" in scopes else []
    chunks = [NewChunk(index=index, span=span, speech=speech_in(span, prepared.utterances)) for index, span in spans]
    facts = {
        "duration_ms": prepared.duration_ms,
        "channels": prepared.channels,
        "native_rate": prepared.native_rate,
        "container": prepared.container,
        "codec": prepared.codec,
        "dual_mono": prepared.dual_mono,
        "audio": {str(rate): uri for rate, uri in prepared.audio.items()},
        "notes": list(prepared.notes),
        "roles": list(_roles(request, prepared)),
    }
    with db.pooled(settings().database_url) as connection:
        recordings.store_plan(connection, recording_id, facts, chunks)


def _limits(config: Settings) -> PlanLimits:
    seconds = (config.chunk_duration_sec, config.chunk_max_sec, config.overlap_sec)
    target, longest, overlap = (round(each * 1000) for each in seconds)
    return PlanLimits(target_ms=target, max_ms=longest, overlap_ms=overlap)


def _roles(request: IngestRequest, prepared: Prepared) -> tuple[str, ...]:
    if prepared.channels == 1 and (request.roles is None or prepared.dual_mono):
        return ()
    if request.roles is None:
        return DEFAULT_ROLES if prepared.channels == len(DEFAULT_ROLES) else ()
    if request.roles and len(request.roles) != prepared.channels:
        raise Permanent("roles", f"{len(request.roles)} roles for {prepared.channels} channels; name one role per channel")
    return request.roles


def _check_analyses(request: IngestRequest) -> None:
    unknown = set(request.analyses or ()) - set(analyses())
    if unknown or request.analyses == ():
        raise Permanent("analyses", f"no analysis named {', '.join(sorted(unknown)) or '-'}; there are {', '.join(analyses())}")


def _failed(recording_id: UUID, error: EarshotError) -> IngestReply:
    if isinstance(error, Misconfigured):
        raise error
    delete_recording(settings().store_url, recording_id)
    with db.pooled(settings().database_url) as connection:
        recordings.fail(connection, recording_id, error)
        outbox.relay(connection, redis.client(settings().redis_url))
    return IngestReply(recording_id=recording_id, state="failed", error={"code": error.code, "detail": str(error)})


def _reply(recording_id: UUID, duplicate: bool = False) -> IngestReply:
    with db.pooled(settings().database_url) as connection:
        recording = recordings.get(connection, recording_id)
    if recording is None:
        raise Transient("recording_gone", "the recording was deleted while it was taken in")
    error = {"code": recording.error_code, "detail": recording.error_detail} if recording.error_code else None
    return IngestReply(recording_id=recording_id, state=recording.state, duplicate=duplicate, error=error)


def _first(error: ValidationError) -> str:
    problem = error.errors()[0]
    return f"{'.'.join(map(str, problem['loc'])) or 'payload'}: {problem['msg']}"
