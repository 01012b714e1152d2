"""Transcripts on their way to the analyses that read them: one JSON object per recording and round,
beside the recording's audio, so that deleting that deletes them."""

import re
from contextlib import suppress
from uuid import UUID

import fsspec

from earshot.analysis.report.sections import Transcript
from earshot.audio.store import whole
from earshot.audio.store.layout import recording_url, store_errors

_NAME = re.compile(r"([0-9]+)\.transcript\.json")


def put(store_url: str, recording_id: UUID, round_: int, transcript: Transcript) -> str:
    """Writes the transcript atomically and returns its URL.

    Raises:
        Unavailable: the store does not answer, or its disk is full.
    """
    url = f"{recording_url(store_url, recording_id)}/{round_}.transcript.json"
    whole.put(url, transcript.model_dump_json().encode())
    return url


def get(url: str) -> Transcript:
    """Reads a transcript.

    Raises:
        BadAudio: ``missing``, the object is gone.
        Unavailable: the store does not answer.
    """
    return Transcript.model_validate_json(whole.read(url))


def round_of(path: str) -> int | None:
    """The round of a transcript; None for other files."""
    found = _NAME.fullmatch(path.rpartition("/")[2])
    return int(found[1]) if found else None


def remove(store_url: str, recording_id: UUID, until_round: int) -> None:
    """Removes the transcripts of a recording up to that round; missing files are no error.

    Raises:
        Unavailable: the store does not answer, or does not allow it.
    """
    url = recording_url(store_url, recording_id)
    with store_errors(url):
        fs, path = fsspec.core.url_to_fs(url)
        fs.invalidate_cache()
        try:
            names = fs.ls(path, detail=False)
        except FileNotFoundError:  # the recording was deleted, or its audio expired
            return
        for name in names:
            round_ = round_of(name)
            if round_ is not None and round_ <= until_round:
                with suppress(FileNotFoundError):
                    fs.rm_file(name)
