"""Decodes the file of a request into the audio store, and again if retention removed that audio."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from earshot.analysis.errors import Permanent
from earshot.audio.decoding.probe import Probe, probe
from earshot.audio.media_file import MediaFile
from earshot.audio.prepare import Prepared, prepare
from earshot.audio.store.layout import delete_recording, store_errors
from earshot.audio.store.source import content_hash, open_source
from earshot.pipeline.plan import plan_limits
from earshot.registry import cards
from earshot.settings import settings
from earshot.storage.postgres import recordings, tombstones
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.recordings import Recording


@contextmanager
def source(uri: str) -> Iterator[MediaFile]:
    """Opens the file of a request.

    Raises: as ``earshot.audio.store.source.open_source``.
    """
    config = settings()
    with (
        store_errors(uri),
        open_source(uri, config.roots, config.store_url, config.internal_hosts) as file,
    ):
        yield file


def decode(
    recording_id: UUID, file: MediaFile, found: Probe, *, mix: bool, accept_truncated: bool
) -> Prepared:
    """Decodes the file at the sample rate of every analysis, and stores the result as the
    recording's audio. ``found`` is the probed file.

    Raises: as ``earshot.audio.prepare.prepare``.
    """
    config = settings()
    return prepare(
        file,
        recording_id,
        config.store_url,
        rates={card.sample_rate for card in cards()},
        limits=plan_limits(),
        mix=mix,
        accept_truncated=accept_truncated,
        longest_ms=config.max_duration_sec * 1000,
        found=found,
    )


def decode_again(connection: Connection, recording: Recording, uri: str) -> None:
    """Restores the audio of a finished recording from a file of the same content. The caller must
    hold the recording exclusively (``earshot.storage.postgres.requests.exclusive``).

    Raises:
        Permanent: ``audio_expired``, the file has changed, or is decoded differently than before;
            ``deleted``.
        Unavailable: as ``earshot.audio.prepare.prepare``.
    """
    if recording.redact:
        raise Permanent(
            "audio_expired",
            f"the audio of recording {recording.id} was removed for its age, and its file holds"
            " what was redacted; ingest it with --force",
        )
    accept = bool(recording.request.get("accept_truncated"))
    with source(uri) as file:
        same = content_hash(file) == recording.sha256
        if same:
            mix = not recording.roles and not recording.dual_mono
            prepared = decode(recording.id, file, probe(file), mix=mix, accept_truncated=accept)
            same = (prepared.channels, prepared.duration_ms) == (
                recording.channels,
                recording.duration_ms,
            )
    if not same:
        delete_recording(settings().store_url, recording.id)
        reason = (
            f"the audio of recording {recording.id} was removed for its age, and its file has"
            " changed since"
        )
        raise Permanent("audio_expired", f"{reason}; ingest it with --force")
    if not recordings.audio_is_back(connection, recording.id, prepared.audio):
        delete_recording(settings().store_url, recording.id)
        raise tombstones.deleted()
