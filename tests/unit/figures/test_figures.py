"""Figures of conversations made by hand: the edges of each definition."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest

from earshot.analysis.figures.definitions import (
    BACK_CHANNEL_MS,
    DEFINITIONS,
    GRACE_MS,
    LONGEST_WORD_MS,
    SILENCE_MS,
    SOFTEST_MS,
)
from earshot.analysis.figures.made import Talk, conversation
from earshot.analysis.figures.sections import Conversation, Participant, Total
from earshot.analysis.figures.spoken import edged
from earshot.analysis.findings import Classification, SpeakerTurn, Timing
from earshot.analysis.quality import ChannelQuality, judged
from earshot.analysis.report.parts import RecordingFacts
from earshot.analysis.report.sections import (
    NoiseSection,
    Speaker,
    SpokenWord,
    Stretch,
    Turn,
)
from earshot.analysis.types import Interval
from earshot.settings import PROJECT

Said = tuple[int, int, int]
"""Channel, start_ms, end_ms."""
CALL_MS = 60_000


def facts(roles: Sequence[str], lufs: Sequence[float | None] = ()) -> RecordingFacts:
    channels = tuple(
        ChannelQuality(
            channel=at,
            peak_dbfs=-3.0,
            loudness_lufs=each,
            clipped_share=0,
            snr_db=30.0,
            bandwidth_hz=4_000,
            dc_offset=0.0,
            dead=False,
        )
        for at, each in enumerate(lufs)
    )
    return RecordingFacts(
        id=UUID(int=7),
        file_name="call.wav",
        sha256="0" * 64,
        duration_ms=CALL_MS,
        channels=max(1, len(roles)),
        native_rate=8_000,
        roles=tuple(roles),
        language="en",
        quality=judged(channels, -20.0, None, False) if channels else None,
        created_at=datetime(2026, 1, 2, tzinfo=UTC),
    )


def turn(said: Said, at: int, words: int, timing: Timing = "aligned") -> Turn:
    channel, start, end = said
    step = (end - start) // max(1, words)
    return Turn(
        id=f"t{at}",
        speaker=f"s{channel}",
        role=None,
        channel=channel,
        start_ms=start,
        end_ms=end,
        text="",
        transcribed=True,
        words=tuple(
            SpokenWord(
                text="so",
                start_ms=start + n * step,
                end_ms=start + (n + 1) * step,
                confidence=0.9,
                timing=timing,
            )
            for n in range(words)
        ),
        confidence=None,
        emotion=None,
        sentiment=None,
    )


def figures(
    *said: Said,
    roles: Sequence[str] = ("agent", "customer"),
    turns: Sequence[Turn] = (),
    music: Sequence[tuple[int, int]] = (),
    lufs: Sequence[float | None] = (),
    noise: NoiseSection | None = None,
) -> Conversation:
    channels = sorted({channel for channel, _, _ in said})
    scene = [Stretch(label="speech", start_ms=0, end_ms=100, confidence=0.9)]
    scene += [Stretch(label="music", start_ms=a, end_ms=b, confidence=0.9) for a, b in music]
    return conversation(
        Talk(
            recording=facts(roles, lufs),
            source="channel" if roles else "diarized",
            speakers=tuple(
                Speaker(id=f"s{n}", channel=n, role=roles[n] if roles else None, talk_ms=1)
                for n in channels
            ),
            speech=tuple(
                SpeakerTurn(speaker=f"s{n}", channel=n, start_ms=a, end_ms=b) for n, a, b in said
            ),
            turns=turns,
            scene=scene,
            noise=noise,
        )
    )


def sides(*said: Said) -> tuple[Participant, Participant, Total]:
    found = figures(*said)
    agent, customer = found.participants
    return agent, customer, found.total


def test_talk_has_two_denominators_and_may_exceed_the_whole() -> None:
    agent, customer, total = sides((0, 0, 20_000), (1, 15_000, 30_000))
    assert (agent.talk_ms, customer.talk_ms, total.talk_ms) == (20_000, 15_000, 30_000)
    assert (agent.talk_of_call, agent.talk_of_speech) == (0.3333, 0.6667)
    assert (customer.talk_of_call, customer.talk_of_speech) == (0.25, 0.5)
    assert (agent.listen_ms, customer.listen_ms) == (10_000, 15_000)
    assert (total.overtalk_ms, total.overtalk_of_call, total.overtalk_of_speech) == (
        5_000,
        0.0833,
        0.1667,
    )


@pytest.mark.parametrize(
    ("overlap_ms", "kind"), [(GRACE_MS, "other"), (GRACE_MS + 1, "interruption")]
)
def test_an_interruption_is_an_overlap_beyond_the_grace_that_gains_the_floor(
    overlap_ms: int, kind: str
) -> None:
    found = figures((0, 1_000, 10_000), (1, 10_000 - overlap_ms, 15_000))
    assert [(each.kind, each.by, each.of) for each in found.overlaps] == [
        (kind, "customer", "agent")
    ]
    assert (found.overlaps[0].start_ms, found.overlaps[0].end_ms) == (10_000 - overlap_ms, 10_000)
    counts = [each.interruptions for each in (*found.participants, found.total)]
    assert counts == ([0, 1, 1] if kind == "interruption" else [0, 0, 0])


@pytest.mark.parametrize(
    ("length_ms", "kind"), [(BACK_CHANNEL_MS, "back_channel"), (BACK_CHANNEL_MS + 1, "other")]
)
def test_a_back_channel_is_short_and_leaves_the_floor(length_ms: int, kind: str) -> None:
    found = figures((0, 1_000, 10_000), (1, 5_000, 5_000 + length_ms))
    assert [(each.kind, each.by) for each in found.overlaps] == [(kind, "customer")]
    assert found.total.interruptions == 0
    assert found.total.back_channels == (kind == "back_channel")
    agent, customer = found.participants
    assert (agent.longest_monologue_ms, customer.longest_monologue_ms) == (9_000, 0)
    assert found.total.response_gap.n == 0


def test_who_begins_in_a_pause_has_the_floor_and_the_other_comes_in() -> None:
    found = figures((0, 1_000, 4_000), (1, 4_300, 8_000), (0, 4_800, 5_400))
    assert [(each.kind, each.by) for each in found.overlaps] == [("back_channel", "agent")]
    assert found.total.response_gap.median_ms == 300


def test_the_floor_is_lost_to_who_came_in_and_speaks_through_a_pause() -> None:
    found = figures((0, 1_000, 5_000), (1, 4_800, 7_000), (0, 5_600, 9_000))
    assert [(each.kind, each.by) for each in found.overlaps] == [
        ("other", "customer"),
        ("interruption", "agent"),
    ]
    assert found.participants[0].turns == 2


def test_a_back_channel_through_a_breath_leaves_the_floor() -> None:
    found = figures((0, 1_000, 5_000), (1, 4_800, 5_700), (0, 5_400, 9_000))
    assert [(each.kind, each.by) for each in found.overlaps] == [("back_channel", "customer")]
    assert found.participants[0].turns == 1


def test_who_comes_in_with_a_pause_of_its_own_comes_in_once() -> None:
    found = figures((0, 1_000, 6_000), (1, 4_000, 4_400), (1, 5_000, 9_000))
    assert [(each.kind, each.by) for each in found.overlaps] == [("interruption", "customer")]


def test_silence_begins_at_its_limit_and_includes_both_ends_of_the_call() -> None:
    found = figures((0, SILENCE_MS, 10_000), (1, 10_000 + SILENCE_MS - 1, CALL_MS - SILENCE_MS))
    assert [(each.start_ms, each.end_ms) for each in found.quiet] == [
        (0, SILENCE_MS),
        (CALL_MS - SILENCE_MS, CALL_MS),
    ]
    assert (found.total.silence_ms, found.total.silence_of_call) == (6_000, 0.1)
    assert found.total.hold_music_ms == 0


def test_hold_music_is_counted_apart_with_the_short_rests_beside_it() -> None:
    found = figures((0, 0, 10_000), (1, 40_000, CALL_MS), music=((12_000, 30_000),))
    assert [(each.kind, each.start_ms, each.end_ms) for each in found.quiet] == [
        ("hold_music", 10_000, 30_000),
        ("silence", 30_000, 40_000),
    ]
    assert (found.total.hold_music_ms, found.total.silence_ms) == (20_000, 10_000)


def test_the_noise_lane_knows_hold_music_too() -> None:
    lane = NoiseSection(
        timeline=(Stretch(label="music_bass", start_ms=0, end_ms=50_000, confidence=0.9),),
        bandwidth_limited=False,
        coverage=("music_bass",),
    )
    found = figures((0, 50_000, CALL_MS), noise=lane)
    assert (found.total.hold_music_ms, found.total.silence_ms) == (50_000, 0)


def test_music_behind_speech_is_no_hold_music() -> None:
    found = figures((0, 0, 30_000), (1, 31_000, CALL_MS), music=((0, CALL_MS),))
    assert found.total.hold_music_ms == 0


def test_a_response_gap_is_a_median_and_below_nought_in_overlap() -> None:
    agent, customer, total = sides(
        (0, 0, 5_000), (1, 5_400, 9_000), (0, 8_800, 12_000), (1, 12_900, 15_000)
    )
    assert (customer.response_gap.median_ms, customer.response_gap.n) == (650, 2)
    assert (agent.response_gap.median_ms, agent.response_gap.n) == (-200, 1)
    assert (total.response_gap.median_ms, total.response_gap.n) == (400, 3)


def test_a_monologue_goes_over_pauses_and_back_channels_but_not_over_silence() -> None:
    said = ((0, 0, 4_000), (1, 2_000, 2_400), (0, 6_900, 9_000), (0, 12_000, 14_000))
    agent, customer, _ = sides(*said)
    assert (agent.longest_monologue_ms, customer.longest_monologue_ms) == (9_000, 0)
    assert (agent.turns, customer.turns) == (3, 1)


def test_a_role_that_never_speaks_is_a_participant() -> None:
    found = figures((0, 0, 20_000))
    agent, customer = found.participants
    assert (customer.name, customer.speakers, customer.talk_ms) == ("customer", (), 0)
    assert customer.first_speech_ms is None
    assert customer.response_gap.median_ms is None
    assert (customer.words_per_minute.value, customer.words_per_minute.reason) == (
        None,
        "no_speech",
    )
    assert (customer.listen_ms, agent.listen_ms) == (20_000, 0)


def test_without_speech_all_is_silence() -> None:
    found = figures()
    assert [each.name for each in found.participants] == ["agent", "customer"]
    assert (found.total.talk_ms, found.total.talk_of_speech) == (0, 0)
    assert (found.total.silence_ms, found.total.silence_of_call) == (CALL_MS, 1)
    assert found.total.words_per_minute.reason == "no_speech"


@pytest.mark.parametrize(
    ("words", "timing", "transcribed", "value", "reason"),
    [
        (30, "aligned", True, 90.0, None),
        (30, "native", True, 90.0, None),
        (30, "interpolated", True, None, "no_word_times"),
        (0, "aligned", True, None, "no_words"),
        (0, "aligned", False, None, "not_transcribed"),
    ],
)
def test_words_a_minute_of_speech(
    words: int, timing: Timing, transcribed: bool, value: float | None, reason: str | None
) -> None:
    said = (0, 0, 20_000)
    spoken = turn(said, 0, words, timing).model_copy(update={"transcribed": transcribed})
    rate = figures(said, turns=(spoken,)).participants[0].words_per_minute
    assert (rate.value, rate.words, rate.reason) == (value, words, reason)


def test_speech_that_was_not_transcribed_is_left_out_of_the_rate() -> None:
    lost = turn((0, 40_000, 50_000), 1, 0).model_copy(update={"transcribed": False})
    found = figures((0, 0, 20_000), (0, 40_000, 50_000), turns=(turn((0, 0, 20_000), 0, 30), lost))
    rate = found.participants[0].words_per_minute
    assert (rate.value, rate.speech_ms) == (90.0, 20_000)


def test_eight_channels_and_a_role_of_several() -> None:
    roles = ("agent", *(f"guest{n}" for n in range(1, 7)), "agent")
    found = figures(*((n, 5_000 * n, 5_000 * n + 5_500) for n in range(8)), roles=roles)
    assert [each.name for each in found.participants] == list(dict.fromkeys(roles))
    agent = found.participants[0]
    assert (agent.speakers, agent.talk_ms) == (("s0", "s7"), 11_000)
    assert found.total.overtalk_ms == 3_500
    assert found.total.interruptions == 0
    assert found.total.response_gap.n == 7


def test_three_at_once_are_overtalk_once() -> None:
    found = figures((0, 0, 9_000), (1, 2_000, 6_000), (2, 3_000, 5_000), roles=("a", "b", "c"))
    assert found.total.overtalk_ms == 4_000
    assert [each.overtalk_ms for each in found.participants] == [4_000, 4_000, 2_000]


def test_loudness_is_that_of_the_channel() -> None:
    agent, customer = figures((0, 0, 9_000), (1, 9_000, 12_000), lufs=(-21.0, None)).participants
    assert agent.loudness is not None
    assert (agent.loudness.lufs, agent.loudness.view) == (-21.0, 70.0)
    assert customer.loudness is None


def scored(said: Said, at: int, negative: float, abstained: bool = False) -> Turn:
    scores = {"negative": negative, "neutral": 0.0, "positive": 1 - negative}
    answer = Classification(label="negative", confidence=0.9, scores=scores, abstained=abstained)
    return turn(said, at, 3).model_copy(update={"sentiment": answer})


def test_a_shift_of_sentiment_is_the_last_quarter_less_the_first() -> None:
    said = [(0, 0, 4_000), (0, 18_000, 20_000), (0, 36_000, 40_000)]
    turns = [
        scored(each, at, negative)
        for at, (each, negative) in enumerate(zip(said, (0.9, 0.0, 0.3), strict=True))
    ]
    shift = figures(*said, turns=turns).participants[0].sentiment_shift
    assert (shift.start, shift.end, shift.value) == (-0.8, 0.4, 1.2)
    assert (shift.n_start, shift.n_end, shift.reason) == (1, 1, None)


def test_a_shift_without_both_ends_has_a_reason() -> None:
    said = [(0, 0, 4_000), (0, 36_000, 40_000)]
    turns = [scored(said[0], 0, 0.9), scored(said[1], 1, 0.3, abstained=True)]
    found = figures(*said, turns=turns).participants
    assert found[0].sentiment_shift.value is None
    assert (found[0].sentiment_shift.reason, found[0].sentiment_shift.n_start) == ("too_few", 1)
    assert found[1].sentiment_shift.reason == "not_scored"


def spoken_word(start: int, end: int, timing: Timing = "aligned") -> SpokenWord:
    return SpokenWord(text="so", start_ms=start, end_ms=end, confidence=0.9, timing=timing)


@pytest.mark.parametrize(
    ("word", "start"),
    [
        (spoken_word(1_800, 2_300), 1_800),
        (spoken_word(2_000 - SOFTEST_MS - 1, 2_300), 2_000),
        (spoken_word(1_800, 1_800 + LONGEST_WORD_MS + 1), 2_000),
        (spoken_word(1_800, 2_300, "interpolated"), 2_000),
        (spoken_word(2_200, 2_300), 2_000),
    ],
)
def test_only_a_plausible_aligned_word_that_is_near_begins_speech(
    word: SpokenWord, start: int
) -> None:
    (found,) = edged([Interval(start_ms=2_000, end_ms=9_000)], [word])
    assert (found.start_ms, found.end_ms) == (start, 9_000)


def test_each_definition_names_fields_and_its_thresholds() -> None:
    fields = {*Participant.model_fields, *Total.model_fields}
    for each in DEFINITIONS:
        own = {name for name in fields if name.startswith(each.id)}
        assert own, each.id
        assert {f"{each.id}_{share}" for share in each.denominators} <= own
        for threshold in each.thresholds:
            assert threshold in each.definition
    named = {each.id for each in DEFINITIONS}
    rest = {name for name in fields if not any(name.startswith(each) for each in named)}
    assert rest == {"name", "role", "speakers"}


def test_the_page_of_definitions_has_the_table_of_the_reports() -> None:
    page = (PROJECT / "docs" / "figures.md").read_text(encoding="utf-8")
    for each in DEFINITIONS:
        limits = ", ".join(f"`{name}` {value:g}" for name, value in each.thresholds.items())
        shares = ", ".join(f"`{each.id}_{name}`: {of}" for name, of in each.denominators.items())
        row = f"| `{each.id}` | {each.unit} | {each.definition} | {shares} | {limits} |"
        assert row in page
