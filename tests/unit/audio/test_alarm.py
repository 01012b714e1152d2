"""The alarm detector on generated sound: every rhythm and pitch, where and when it sounds, and what
only resembles an alarm."""

import tracemalloc
from uuid import UUID

import numpy as np
import pytest
from rich.console import Console

from cli.terminal.show import rendered
from earshot.analysis import events
from earshot.analysis.findings import Alarm
from earshot.analysis.report.emergencies import join_alarms
from earshot.analysis.report.report import build_report
from earshot.analysis.types import ChunkKey, Interval
from earshot.audio.alarms.detector import alarms
from earshot.audio.alarms.rhythm import T3, T4, Rhythm
from earshot.audio.alarms.tones import decibels_of
from earshot.settings import Settings
from tests.sounds.call_parts import noise, part, recording
from tests.sounds.synthetic import white_noise
from training.data.alarm_sounds import in_a_room, over, over_the_telephone, sound

RATE = 16_000
SECONDS = 25
START_MS = 60_000
THRESHOLD = Settings.model_fields["alarm_threshold"].default
Sound = np.ndarray


def heard(waveform: Sound) -> tuple[Alarm, ...]:
    span = Interval(start_ms=START_MS, end_ms=START_MS + len(waveform) * 1000 // RATE)
    return alarms(waveform.astype(np.float32), RATE, span, THRESHOLD)


def beeps(
    times: list[tuple[float, float]], *hertz: float, seconds: float = SECONDS, level: float = 0.2
) -> Sound:
    """Sines over a faint hiss, on during ``times`` (seconds)."""
    at = np.arange(round(seconds * RATE)) / RATE
    on = np.any([(at >= start) & (at < end) for start, end in times], axis=0)
    return white_noise(seconds, 0.003) + level * on * np.sum(
        [np.sin(2 * np.pi * f * at) for f in hertz], axis=0
    )


@pytest.mark.parametrize("telephone", [False, True])
@pytest.mark.parametrize("nominal", [3100, 520])
@pytest.mark.parametrize("rhythm", [T3, T4], ids=["T3", "T4"])
def test_every_kind_is_heard_where_it_sounds(rhythm: Rhythm, nominal: int, telephone: bool) -> None:
    random = np.random.default_rng(nominal)
    for _ in range(5):
        alarm = sound(random, rhythm, nominal, SECONDS * RATE)
        both = over(white_noise(SECONDS, 0.03), alarm, in_a_room(random, alarm.waveform), 0)
        (found,) = heard(over_the_telephone(both) if telephone else both)
        assert (found.pattern, found.label) == (rhythm.name, "fire_alarm")
        assert found.frequency_hz == pytest.approx(alarm.hertz, rel=0.05)
        assert found.start_ms == pytest.approx(START_MS + alarm.starts[0] * 1000, abs=300)
        assert found.groups == len(alarm.starts)
        assert START_MS <= found.start_ms < found.end_ms <= START_MS + SECONDS * 1000


@pytest.mark.parametrize("rhythm", [T3, T4], ids=["T3", "T4"])
def test_one_whole_group_is_enough_and_less_is_not(rhythm: Rhythm) -> None:
    times = [
        (2 + i * (rhythm.on + rhythm.gap), 2 + i * (rhythm.on + rhythm.gap) + rhythm.on)
        for i in range(rhythm.pulses)
    ]
    (found,) = heard(beeps(times, 3100))
    assert (found.pattern, found.groups) == (rhythm.name, 1)
    assert found.start_ms == pytest.approx(START_MS + 2_000, abs=40)
    assert found.end_ms == pytest.approx(START_MS + 2_000 + rhythm.group() * 1000, abs=60)
    assert heard(beeps(times[:-1], 3100)) == ()


def every(period: float, on: float) -> list[tuple[float, float]]:
    return [(at, at + on) for at in np.arange(0.3, SECONDS, period)]


RESEMBLING = {
    "silence": np.zeros(SECONDS * RATE),
    "hiss": white_noise(SECONDS, 0.03),
    "steady": beeps([(0, SECONDS)], 3100),
    "busy line": beeps(every(1.0, 0.5), 480, 620),
    "congested line": beeps(every(0.5, 0.25), 480, 620),
    "ringing": beeps(every(6.0, 2.0), 440, 480),
    "lorry in reverse": beeps(every(1.0, 0.5), 3100),
    "alarm clock": beeps(
        [(t + i * 0.125, t + i * 0.125 + 0.0625) for t in range(25) for i in range(4)], 3100
    ),
    "low battery": beeps(every(10.0, 0.1), 3100),
    "oven": beeps([(t, t + 0.5) for t in (3.0, 4.0, 5.0, 6.0, 7.0)], 3100),
    "quick beeps": beeps(every(0.2, 0.1), 3100),
    "three at another pitch": beeps([(t, t + 0.5) for t in (3.0, 4.0, 5.0)], 1000),
    "three low sines": beeps([(t, t + 0.5) for t in (3.0, 4.0, 5.0)], 520),
    "dialling": beeps([(3 + i * 0.2, 3.1 + i * 0.2) for i in range(4)], 697, 1477),
}


@pytest.mark.parametrize("name", RESEMBLING)
def test_what_resembles_an_alarm_is_none(name: str) -> None:
    assert heard(RESEMBLING[name]) == ()


@pytest.mark.parametrize("samples", [0, 1, 400, 16_000])
def test_too_little_sound_is_no_alarm(samples: int) -> None:
    assert heard(white_noise(1)[:samples]) == ()


def test_only_the_rate_that_it_was_made_for() -> None:
    with pytest.raises(ValueError, match="8000 Hz"):
        alarms(white_noise(1), 8_000, Interval(start_ms=0, end_ms=2_000), THRESHOLD)


def alarm(
    start: int, end: int, pattern: str = "T3", hertz: int = 3100, confidence: float = 0.8
) -> Alarm:
    return Alarm.model_validate(
        {
            "start_ms": start,
            "end_ms": end,
            "pattern": pattern,
            "frequency_hz": hertz,
            "confidence": confidence,
            "groups": 2,
        }
    )


def test_an_alarm_over_a_border_is_one_emergency() -> None:
    told = (
        alarm(40_000, 50_000, confidence=0.9),
        alarm(5_000, 24_500),
        alarm(26_000, 39_000, hertz=3150),
        alarm(90_000, 99_000),
    )
    joined = join_alarms(told)
    assert [(each.start_ms, each.end_ms, each.confidence) for each in joined] == [
        (5_000, 50_000, 0.9),
        (90_000, 99_000, 0.8),
    ]
    assert (
        len(
            join_alarms(
                [alarm(0, 9_000), alarm(9_000, 18_000, "T4"), alarm(18_000, 27_000, hertz=520)]
            )
        )
        == 3
    )


def test_the_report_has_it_and_shows_it_first() -> None:
    heard_noise = noise("rain").model_copy(update={"emergency": (alarm(24_000, 33_000, "T4"),)})
    report = build_report(
        recording(), [part("noise", 0, noise("rain")), part("noise", 1, heard_noise)]
    )
    [told] = report.emergencies
    assert (told.label, told.pattern, told.start_ms, told.end_ms) == (
        "fire_alarm",
        "T4",
        24_000,
        33_000,
    )
    console = Console(width=100, force_terminal=False, color_system=None)
    with console.capture() as captured:
        console.print(rendered(report))
    text = captured.get()
    assert "CARBON MONOXIDE ALARM 0:24-0:33, T4 at 3100 Hz, 80%" in text
    assert text.index("CARBON") < text.index("Noise")


def test_the_same_alarm_of_another_round_is_the_same_event() -> None:
    key = ChunkKey(recording_id=UUID(int=1), index=3)
    first = events.emergency(key, alarm(75_000, 90_000))
    assert first.body["type"] == "emergency"
    assert events.emergency(key.model_copy(update={"round": 2}), alarm(75_000, 90_000)) == first
    assert events.emergency(key, alarm(75_000, 90_000, confidence=0.7)).id != first.id


def test_the_spectrogram_of_a_chunk_is_made_in_blocks_that_stay_in_the_cache() -> None:
    chunk = white_noise(25)
    decibels_of(chunk)
    tracemalloc.start()
    decibels_of(chunk)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8e6
