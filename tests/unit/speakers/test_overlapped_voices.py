"""Several voices at once: where they are, who speaks besides, and what is read for it."""

import numpy as np
import pytest

from earshot.analysis.types import Utterance
from earshot.audio.features.speaker_windows import window_spans
from earshot.models.speakers.diarizer import Diarized, Spoken
from earshot.models.speakers.embedded import Embedded
from earshot.models.speakers.segmentation import (
    WINDOW_MS,
    Overlaps,
    open_segmentation,
)
from earshot.models.speakers.voices import who_spoke
from evaluation.measures.der import Spoken as Said
from evaluation.measures.der import score

ANN, BOB = np.eye(2, dtype=np.float32)


def frames(length_ms: int, *spans: tuple[int, int]) -> Overlaps:
    found = np.zeros(length_ms // 20, np.bool_)
    for start, end in spans:
        found[start // 20 : end // 20] = True
    return Overlaps(found, 20)


def spoken(start_ms: int, end_ms: int, *changes: tuple[int, np.ndarray]) -> Embedded:
    """An utterance whose windows sound like the voice that speaks at their middle; ``changes``:
    until when, and who."""
    utterance = Utterance(start_ms=start_ms, end_ms=end_ms, channel=0)
    windows = window_spans(utterance)
    middles = [(window.start_ms + window.end_ms) / 2 for window in windows]
    rows = [next(voice for until, voice in changes if middle <= until) for middle in middles]
    return Embedded(utterance, windows, np.stack(rows))


def mixture(of_ann: float) -> np.ndarray:
    """What a window of both sounds like, with this cosine to Ann."""
    return np.array([of_ann, np.sqrt(1 - of_ann**2)], np.float32)


def test_stretches_are_at_least_a_word_long() -> None:
    overlaps = frames(10_000, (1_000, 1_100), (2_000, 2_200), (9_000, 10_000))
    assert overlaps.stretches() == [(2_000, 2_200), (9_000, 10_000)]
    assert overlaps.share(1_900, 2_100) == pytest.approx(0.5)
    assert overlaps.share(2_010, 2_015) == 1.0


def test_the_other_voice_that_is_nearest_speaks_besides() -> None:
    talk = [
        spoken(0, 5_000, (4_000, ANN), (5_000, mixture(0.8))),
        spoken(5_000, 10_000, (6_000, mixture(0.6)), (10_000, BOB)),
    ]
    found = who_spoke(talk, 0.5, frames(10_000, (4_000, 6_000)))
    assert found.turns == (Spoken("0", 0, 6_000), Spoken("1", 4_000, 10_000))
    assert found.exclusive == (Spoken("0", 0, 5_000), Spoken("1", 5_000, 10_000))


def test_without_several_voices_turns_are_those_of_one_at_a_time() -> None:
    talk = [spoken(0, 5_000, (5_000, ANN)), spoken(5_200, 10_000, (10_000, ANN))]
    assert who_spoke(talk, 0.5, frames(10_000)) == Diarized((Spoken("0", 0, 10_000),))
    # One voice cannot speak besides itself, whatever the network says.
    assert who_spoke(talk, 0.5, frames(10_000, (4_000, 6_000))).exclusive == ()


def test_a_mixture_of_two_voices_founds_no_third() -> None:
    both = mixture(0.7)
    talk = [spoken(0, 15_000, (5_000, ANN), (10_000, both), (15_000, BOB))]
    voices = {turn.voice for turn in who_spoke(talk, 0.9, frames(15_000)).turns}
    assert len(voices) == 3
    found = who_spoke(talk, 0.9, frames(15_000, (4_250, 10_750)))
    assert {turn.voice for turn in found.turns} == {"0", "1"}


def test_audio_is_read_only_where_there_is_speech() -> None:
    noise = np.random.default_rng(0).normal(0, 0.01, 16_000).astype(np.float32)
    read: list[tuple[int, int]] = []

    def reader(start_ms: int, end_ms: int) -> np.ndarray:
        read.append((start_ms, end_ms))
        return np.resize(noise, (end_ms - start_ms) * 16)

    hour = 3_600_000
    speech = [Utterance(start_ms=1_000_000, end_ms=1_002_000, channel=0)]
    segments = open_segmentation().segments(reader, speech, hour)
    assert len(read) == 2
    assert all(end - start <= WINDOW_MS for start, end in read)
    assert len(segments.voices) == hour // 20
    assert (segments.voices[:49_500, 0] == 1).all()
    assert (segments.voices[50_600:, 0] == 1).all()


@pytest.mark.parametrize("end_ms", [40, 1_234, 9_999, 10_000, 12_345, 15_001])
def test_any_length_has_an_answer_for_each_frame(end_ms: int) -> None:
    speech = [Utterance(start_ms=0, end_ms=end_ms, channel=0)]
    silence = np.zeros(end_ms * 16, np.float32)
    segments = open_segmentation().segments(
        lambda start, end: silence[start * 16 : end * 16], speech, end_ms
    )
    assert segments.voices.shape == (-(-end_ms // 20), 3)
    assert segments.voices.sum(axis=1) == pytest.approx(1.0, abs=1e-4)


def test_a_voice_that_sounds_like_two_by_itself_is_one() -> None:
    """The network finds several voices in a third of what it says; by the embeddings, it is it
    alone."""
    talk = [spoken(0, 15_000, (15_000, ANN)), spoken(15_000, 30_000, (30_000, BOB))]
    overlaps = frames(30_000, (2_000, 4_000), (8_000, 11_000))
    assert who_spoke(talk, 0.5, overlaps).exclusive == ()
    both = mixture(0.8)
    talk[0] = spoken(
        0, 15_000, (2_000, ANN), (4_000, both), (8_000, ANN), (11_000, both), (15_000, ANN)
    )
    turns = who_spoke(talk, 0.5, overlaps).turns
    assert [turn for turn in turns if turn.voice == "1"] == [
        Spoken("1", 2_000, 4_000), Spoken("1", 8_000, 11_000), Spoken("1", 15_000, 30_000),
    ]  # fmt: skip


def test_overlap_f1_counts_time_in_which_several_speak() -> None:
    reference = [Said("a", 0, 6_000), Said("b", 4_000, 10_000)]
    found = [Said("x", 0, 5_000), Said("y", 4_000, 10_000)]
    errors = score(reference, found, 10_000, collar_ms=0)
    assert (errors.overlap, errors.overlap_found, errors.overlap_right) == (2_000, 1_000, 1_000)
    assert errors.overlap_f1 == pytest.approx(2 / 3)
    assert errors.missed_detection == 1_000
    assert (errors + errors).overlap_f1 == pytest.approx(2 / 3)
