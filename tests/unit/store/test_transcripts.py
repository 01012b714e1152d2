"""Transcripts in the audio store: whole or not at all, and removed by name."""

import resource
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest

from earshot.analysis.errors import BadAudio, Unavailable
from earshot.analysis.report.sections import Transcript
from earshot.audio.store import transcripts
from earshot.audio.store.layout import pcm_uri
from earshot.audio.store.pcm import read_pcm
from earshot.audio.store.pcm_writer import PcmWriter

ID = UUID(int=1)
SPOKEN = Transcript(language="en", turns=())


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """With characters in its name that are a pattern to ``glob``."""
    return f"file://{tmp_path}/a[b]?" if request.param == "file" else f"memory://{uuid4()}"


def test_what_is_written_is_read(store: str) -> None:
    for language in ("en", "de"):
        url = transcripts.put(store, ID, 1, SPOKEN.model_copy(update={"language": language}))
        assert transcripts.get(url).language == language


def test_a_full_disk_leaves_the_transcript_that_was_there(tmp_path: Path) -> None:
    url = transcripts.put(f"file://{tmp_path}", ID, 1, SPOKEN)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5, before[1]))
    try:
        with pytest.raises(Unavailable, match="No space left"):
            transcripts.put(f"file://{tmp_path}", ID, 1, SPOKEN)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert transcripts.get(url) == SPOKEN
    assert [path.name for path in tmp_path.rglob("*.json")] == ["1.transcript.json"]


def test_rounds_are_removed_by_name_up_to_the_closed_one(store: str) -> None:
    transcripts.remove(store, ID, 3)
    urls = [transcripts.put(store, ID, round_, SPOKEN) for round_ in (1, 2, 3, 10)]
    audio = pcm_uri(store, ID, 16_000)
    with PcmWriter(audio, 1) as writer:
        writer.write(np.zeros((1, 16), np.float32))
    for _ in range(2):
        transcripts.remove(store, ID, 2)
    for url in urls[:2]:
        with pytest.raises(BadAudio, match="does not exist"):
            transcripts.get(url)
    for url in urls[2:]:
        assert transcripts.get(url) == SPOKEN
    assert read_pcm(audio, 16_000, 1, 0, 1).shape == (1, 16)
