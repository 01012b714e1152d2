"""Stores the transcript of an open recording, for the analyses that read it."""

from earshot.analysis.report.report import build_report
from earshot.analysis.report.sections import Transcript
from earshot.audio.store import transcripts
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
    report = build_report(merged.info(), merged.parts())
    spoken = Transcript(language=report.transcript_language, turns=report.turns)
    return transcripts.put(settings().store_url, recording.id, recording.round, spoken)
