"""Closes a recording whose chunks are all merged, with its report or with an error."""

import logging
from uuid import UUID

from earshot.analysis.errors import OutOfTime, Permanent, Transient, one_line
from earshot.analysis.pii.redaction import is_proven, masked_parts
from earshot.analysis.report.parts import Part
from earshot.analysis.report.report import build_report
from earshot.analysis.states import RecordingState
from earshot.audio.store import transcripts
from earshot.audio.store.layout import delete_recording
from earshot.pipeline.plan import WORDS
from earshot.registry import cards
from earshot.settings import settings
from earshot.storage import outbox, retention
from earshot.storage.postgres import db, ledger, recordings, reports, tombstones
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.reports import Merged
from earshot.storage.redis import client as redis
from earshot.storage.redis import refused

log = logging.getLogger(__name__)


def finalize(connection: Connection, recording_id: UUID) -> bool:
    """Builds the report and closes the recording with it. Returns False and writes nothing if the
    recording is not open, not complete, or was closed, reopened or deleted meanwhile; its newest
    round is finalized when it is complete. No lock is held while the report is computed.
    If the report cannot be built, the recording is closed as failed and its findings stay; if it
    is to be redacted and was not, it is closed as failed without its sound.

    Raises:
        Unavailable: Postgres is unavailable; repeat the call.
        OutOfTime: the recording stays open.
    """
    merged = reports.read(connection, recording_id)
    if merged is None:
        return False
    try:
        with db.lost_connections():  # a full disk or a deadlock is not caused by the findings
            info, parts = merged.info(), merged.parts()
            if merged.recording.redact:
                if not is_proven(parts, info.chunks):
                    return _withhold(connection, merged)
                parts = _masked(connection, recording_id, parts)
            report = build_report(info, parts)
            closed = reports.close(connection, merged, report)
    except (Transient, OutOfTime):
        raise
    except Exception as error:
        log.exception("recording %s: the report cannot be built", recording_id)
        return _fail(connection, merged, error)
    return closed


def _masked(connection: Connection, recording_id: UUID, parts: list[Part]) -> list[Part]:
    """The parts without the words of what redaction made silent, stored as well."""
    changed = masked_parts(parts)
    reports.replace(connection, recording_id, changed)
    anew = {(part.analysis, part.chunk): part for part in changed}
    return [anew.get((part.analysis, part.chunk), part) for part in parts]


def _withhold(connection: Connection, merged: Merged) -> bool:
    """Removes the sound and the words of a recording that could not be redacted, and closes it as
    failed: what was recognised around its stretches may be in the words as well."""
    recording = merged.recording
    delete_recording(settings().store_url, recording.id)
    derived = [card.name for card in cards() if card.scope == "transcript" and not card.redacts]
    with connection.transaction():
        retention.audio_expired(connection, [recording.id])
        retention.drop_words(connection, [recording.id], WORDS, derived)
    code, detail = _reason(merged)
    failed = Permanent(
        "redaction_failed",
        f"personal data may be left in its sound, which is removed ({code}: {detail})",
    )
    states = (RecordingState.ANALYZING,)
    return recordings.fail(connection, recording.id, failed, states, of_round=recording.round)


def _reason(merged: Merged) -> tuple[str, str]:
    for row in merged.findings:
        if row["analysis"] == "redaction" and row["outcome"]["status"] == "failed":
            return row["outcome"]["code"], row["outcome"]["detail"]
    return "missing", "its redaction has no answer of this round"


def _fail(connection: Connection, merged: Merged, error: Exception) -> bool:
    if merged.recording.redact:
        return _withhold(connection, merged)
    line = f"{type(error).__name__}: {one_line(error)}"
    failed = Permanent("report_failed", f"no report can be made of the findings: {line}")
    return recordings.fail(
        connection,
        merged.recording.id,
        failed,
        (RecordingState.ANALYZING,),
        of_round=merged.recording.round,
    )


def close(recording_id: UUID) -> None:
    """Finalizes the recording, publishes its events and removes its transcripts once it is
    closed, also by an earlier delivery; a message about a recording that never existed is set
    aside.

    Raises:
        Unavailable: Postgres or Redis is unavailable; repeat the call.
    """
    client = redis.client()
    with db.pooled() as connection:
        closed = finalize(connection, recording_id)
        gone = not closed and recordings.get(connection, recording_id) is None
        if gone and not tombstones.buried(connection, [recording_id]):
            refused.deleted(client, "finalize", recording_id, str(recording_id))
        outbox.relay(connection, client)
        rounds = ledger.closed_with_transcript(connection, [recording_id])
    for round_ in rounds.values():
        try:
            transcripts.remove(settings().store_url, recording_id, round_)
        except Transient as error:
            log.warning("transcripts of %s are left to upkeep: %s", recording_id, error)
