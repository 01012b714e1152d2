"""The analysis that erases sound, and what it transcribes again around that."""

from itertools import pairwise
from uuid import UUID

import numpy as np
import pytest

from earshot.analysis.outcome import Failed
from earshot.analysis.types import TRANSCRIPT, ChunkRef, Interval
from earshot.audio.clip import Clip
from tests.unit.workers.test_asr_routes import Listener
from workers import redaction
from workers.redaction import SHARED_MS, pieces


@pytest.mark.parametrize("length", [1_000, 20_000, 20_001, 37_000, 90_500])
def test_pieces_cover_the_span_and_overlap(length: int) -> None:
    found = list(pieces(Interval(start_ms=500, end_ms=500 + length), 20_000))
    assert (found[0].start_ms, found[-1].end_ms) == (500, 500 + length)
    assert all(0 < each.end_ms - each.start_ms <= 20_000 for each in found)
    assert all(a.end_ms - b.start_ms >= SHARED_MS for a, b in pairwise(found))
    assert len(found) == 1 or length > 20_000


def test_a_recording_that_is_not_to_be_redacted_is_not_called_redacted() -> None:
    ref = ChunkRef(
        recording_id=UUID(int=1), index=TRANSCRIPT, start_ms=0, end_ms=60_000, audio_uri="x",
        sample_rate=16_000, channels=2, native_rate=16_000, speech=(),
    )  # fmt: skip
    (found,) = redaction.analyze("cpu", [Clip(ref)])
    assert isinstance(found, Failed)
    assert found.code == "not_asked"


def test_sound_that_stayed_as_it_was_is_transcribed_once() -> None:
    recogniser = Listener(("en",))
    listener = redaction.Listening(recogniser, "en")
    sound = np.ones(16_000, np.float32)
    assert listener.words(sound) == listener.words(sound.copy())
    listener.words(sound * 0.5)
    assert len(recogniser.calls) == 2
