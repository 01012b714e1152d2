"""Windows over speech, speakers clustered by their embeddings, and the resulting turns."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.analysis.findings import DiarizationFindings
from earshot.analysis.types import WHOLE, Utterance
from earshot.audio.clip import Clip
from earshot.audio.features.speaker_windows import (
    AT_ONCE,
    HOP_MS,
    WINDOW_MS,
    voice_windows,
    window_spans,
)
from earshot.audio.features.spectra import CEPSTRAL
from earshot.models.checkpoints.defaults import default_releases
from earshot.models.speakers.diarizer import TURN_GAP_MS, Diarized, Spoken
from earshot.models.speakers.embedded import Embedded
from earshot.models.speakers.voices import STEP_MS, tell_apart
from tests.chunks import chunk
from workers import diarization
from workers.diarization import findings

RATE = 16_000


def speech(start_ms: int, end_ms: int, channel: int = 0) -> Utterance:
    return Utterance(start_ms=start_ms, end_ms=end_ms, channel=channel)


@given(st.integers(0, 5_000), st.integers(1, 20_000))
def test_windows_cover_an_utterance_and_nothing_else(start_ms: int, length_ms: int) -> None:
    windows = window_spans(speech(start_ms, start_ms + length_ms))
    assert (windows[0].start_ms, windows[-1].end_ms) == (start_ms, start_ms + length_ms)
    assert all(
        0 < after.start_ms - before.start_ms <= HOP_MS for before, after in pairwise(windows)
    )
    assert all(window.end_ms - window.start_ms == min(WINDOW_MS, length_ms) for window in windows)


@pytest.mark.parametrize("seconds", [0.3, 5.0, 120.0])
def test_every_window_is_what_it_would_be_by_itself_and_few_are_held_at_once(
    seconds: float,
) -> None:
    sound = 0.1 * np.random.default_rng(0).standard_normal(int(seconds * RATE)).astype(np.float32)
    read_ms = []

    def read(start_ms: int, end_ms: int) -> np.ndarray:
        read_ms.append(end_ms - start_ms)
        return sound[start_ms * 16 : end_ms * 16]

    windows = window_spans(speech(0, int(seconds * 1000)))
    found = np.concatenate(list(voice_windows(read, windows, CEPSTRAL, 0.05)))
    assert found.shape == (len(windows), 148, CEPSTRAL.n_mels)
    assert max(read_ms) <= AT_ONCE * HOP_MS + WINDOW_MS
    for row in (0, len(windows) // 2, len(windows) - 1):
        (alone,) = voice_windows(read, windows[row : row + 1], CEPSTRAL, 0.05)
        np.testing.assert_array_equal(found[row], alone[0])


def heard(utterance: Utterance, border_ms: int, first: int, second: int) -> Embedded:
    """Windows that resemble voice ``first`` before a border and voice ``second`` after it, in
    proportion to what they cover."""
    windows = window_spans(utterance)
    share = [np.clip((border_ms - w.start_ms) / (w.end_ms - w.start_ms), 0, 1) for w in windows]
    vectors = np.stack([s * np.eye(8)[first] + (1 - s) * np.eye(8)[second] for s in share])
    return Embedded(
        utterance,
        windows,
        (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32),
    )


def test_an_utterance_is_cut_where_the_voice_changes() -> None:
    parts = list(tell_apart([heard(speech(0, 20_000), 12_000, 3, 5)], threshold=0.5))
    assert [(item.start_ms, item.end_ms) for _, item in parts] == [
        (0, parts[0][1].end_ms),
        (parts[0][1].end_ms, 20_000),
    ]
    assert parts[0][1].end_ms == pytest.approx(12_000, abs=2 * STEP_MS)
    assert parts[0][0] != parts[1][0]


def test_a_voice_that_comes_back_has_the_name_it_had() -> None:
    items = [
        heard(speech(at, at + 5_000), at + 9_999, voice, voice)
        for at, voice in ((0, 1), (6_000, 2), (12_000, 1))
    ]
    names = [name for name, _ in tell_apart(items, threshold=0.5)]
    assert names[0] == names[2] != names[1]


def test_a_blink_joins_a_voice_and_founds_none() -> None:
    items = [heard(speech(0, 5_000), 9_999, 1, 1), heard(speech(6_000, 6_400), 9_999, 7, 7)]
    assert len({name for name, _ in tell_apart(items, threshold=0.5)}) == 1
    assert len(list(tell_apart(items[1:], threshold=0.5))) == 1, (
        "where there is nothing else it is a voice"
    )


def test_turns_are_joined_over_short_pauses_by_channel_and_speakers_numbered_by_appearance() -> (
    None
):
    spoken = [
        ("late", speech(2_000, 3_000, 1)),
        ("early", speech(0, 1_000)),
        ("early", speech(1_000 + TURN_GAP_MS - 1, 2_500)),
        ("early", speech(2_500 + TURN_GAP_MS, 4_000)),
    ]
    found = findings("channel", spoken)
    assert (found.method, found.speakers) == ("channel", 2)
    assert [(turn.speaker, turn.channel, turn.start_ms, turn.end_ms) for turn in found.turns] == [
        ("s0", 0, 0, 2_500),
        ("s1", 1, 2_000, 3_000),
        ("s0", 0, 2_500 + TURN_GAP_MS, 4_000),
    ]


@pytest.mark.parametrize("roles", [("agent",), ("agent", "customer")])
def test_channels_with_roles_are_speakers_without_a_listen(roles: tuple[str, ...]) -> None:
    spoken = [speech(1_000 * at, 1_000 * at + 900, channel=at % len(roles)) for at in range(6)]
    ref = chunk(6_000, index=WHOLE, channels=len(roles), roles=roles, speech=tuple(spoken))
    (found,) = diarization.analyze(
        diarization.load(default_releases()["diarization"], "cpu"), [Clip(ref)]
    )
    assert isinstance(found, DiarizationFindings)
    assert (found.method, found.speakers) == ("channel", len(roles))


def test_people_who_talk_at_once_have_a_turn_each_and_one_of_them_the_floor() -> None:
    ref = chunk(6_000, (0, 0, 6_000), index=WHOLE)
    turns = (
        Spoken("SPEAKER_01", 500, 3_000),
        Spoken("SPEAKER_00", 2_500, 5_000),
        Spoken("SPEAKER_01", 3_100, 6_000),
    )
    exclusive = (
        Spoken("SPEAKER_01", 500, 2_700),
        Spoken("SPEAKER_00", 2_700, 5_000),
        Spoken("SPEAKER_01", 5_000, 6_000),
    )
    (found,) = diarization.analyze(lambda clip, channel: Diarized(turns, exclusive), [Clip(ref)])
    assert isinstance(found, DiarizationFindings)
    assert (found.method, found.speakers) == ("clustering", 2)
    told = [
        [(turn.speaker, turn.start_ms, turn.end_ms) for turn in kind]
        for kind in (found.turns, found.exclusive)
    ]
    assert told == [
        [("s0", 500, 3_000), ("s1", 2_500, 5_000), ("s0", 3_100, 6_000)],
        [("s0", 500, 2_700), ("s1", 2_700, 5_000), ("s0", 5_000, 6_000)],
    ]


def test_another_speaker_between_ends_a_turn() -> None:
    found = findings(
        "clustering",
        [("a", speech(0, 1_000)), ("b", speech(1_000, 1_200)), ("a", speech(1_200, 2_000))],
    )
    assert [turn.speaker for turn in found.turns] == ["s0", "s1", "s0"]
