"""Stores the transcript of an open recording, for the analyses that read it."""

from earshot.analysis.pii.redaction import to_silence
from earshot.analysis.report.report import build_report
from earshot.analysis.report.sections import Transcript
from earshot.audio.store import transcripts
from earshot.pipeline.releases import active
from earshot.settings import settings
from earshot.storage.postgres import reports
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.recordings import Recording


def store(connection: Connection, recording: Recording) -> str:
    """Writes the turns of all merged findings to the audio store; returns the URL.

    Raises:
        Unavailable: the store or Postgres is unavailable.
        pydantic.ValidationError: a merged outcome does not fit its analysis.
    """
    merged = reports.of(connection, recording)
    info, parts = merged.info(), merged.parts()
    report = build_report(info, parts)
    spoken = Transcript(language=report.transcript_language, turns=report.turns)
    if recording.redact:
        stretches = to_silence(parts, info.chunks)
        recogniser = active(connection)["asr"]
        spoken = spoken.model_copy(update={"redacted": stretches, "recogniser": recogniser})
    return transcripts.put(settings().store_url, recording.id, recording.round, spoken)
