"""Detects fire and carbon monoxide alarms: a steady tone of their pitch in their rhythm. Signal
processing, nothing learned.

Sounds without a rhythm (bells, sirens, voice messages) are not detected, nor is an alarm without
one whole group of pulses in the sound. docs/emergency.md has the figures.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.findings import Alarm
from earshot.analysis.types import Interval
from earshot.audio.alarms.pulses import Fit, match, refine
from earshot.audio.alarms.rhythm import T3, T4, Rhythm
from earshot.audio.alarms.tones import (
    HOP_SEC,
    RATE,
    WINDOW,
    Tracks,
    decibels_of,
    depth,
    dry,
    has_fundamental,
    tracks_of,
    unsteadiness,
)

Array = NDArray[np.float32]

LIKELY = 4
"""Candidate positions examined closely per chunk, for each rhythm and pitch."""
PROMISING = 0.4
"""Minimum score of the quick search for a candidate."""
UNSTEADY = 0.004
"""Greatest relative deviation of a sounder's pitch between the pulses of a group. Voices, animals
and sirens differ by percents."""
DEPTH_DB = 3.0
"""Minimum drop of the tone in the gaps, dB, including echo."""
FILLED = 0.5
"""Maximum share of a pause with sound that may be a further pulse or another tone."""
BEEP_DB = 3.0
"""Maximum difference of a further pulse to the faintest of the group, dB."""
ALONE_DB, TONE_DB = 10.0, 25.0
"""A second tone near the pitch: maximum difference in level, and minimum level above the
surrounding sound, dB."""
SEEN = 0.75
"""Minimum share of the context that lies within the chunk, before and after together, in units of
one side."""
FURTHER = 0.75
"""Minimum score of further groups of the same alarm, as a share of the best group's."""
LATE = 0.1
"""Tolerance of the next group's time, as a share of the period."""


@dataclass(frozen=True)
class Found:
    """The best group of an alarm."""

    fit: Fit
    hertz: float
    begins: list[int]  # frames at which its groups begin


def alarms(
    waveform: Array, sample_rate: int, span: Interval, threshold: float
) -> tuple[Alarm, ...]:
    """Returns the alarms in a chunk, at most one of each rhythm, in order of time.

    Args:
        waveform: mono at 16 kHz, shape (samples,): all of the chunk.
        span: of the chunk.
        threshold: minimum correlation of a group of pulses, 0 to 1.
    Raises:
        ValueError: another sample rate.
    """
    if sample_rate != RATE:
        raise ValueError(f"alarms are detected at {RATE} Hz, not {sample_rate} Hz; resample first")
    decibels = decibels_of(waveform)
    tracks_by_pitch = tracks_of(decibels)
    found = {rhythm: _find(rhythm, decibels, tracks_by_pitch, threshold) for rhythm in (T3, T4)}
    alarms_found = [_alarm(rhythm, each, span) for rhythm, each in found.items() if each]
    return tuple(sorted(alarms_found, key=lambda alarm: (alarm.start_ms, alarm.pattern)))


def _find(
    rhythm: Rhythm, decibels: Array, tracks_by_pitch: tuple[Tracks, ...], threshold: float
) -> Found | None:
    """The lowest pitch wins: a detection an octave or more above it may be its harmonic."""
    for tracks in tracks_by_pitch:
        best: Found | None = None
        level = dry(tracks.level) if rhythm.echoes else tracks.level
        score, loudest = match(level, rhythm)
        for at in _likely(score, rhythm):
            for row in range(max(loudest[at] - 1, 0), min(loudest[at] + 2, len(level))):
                fit, hertz = refine(level[row], rhythm, at), float(tracks.hertz[row])
                if fit.score < (
                    best.fit.score if best else threshold + rhythm.margin
                ) or not _rests(fit, level[row], rhythm):
                    continue
                if _steady(decibels, tracks, fit, hertz) and _pure(
                    decibels, tracks, fit, hertz, rhythm, level
                ):
                    best = Found(fit, hertz, _begins(score, level[row], fit, rhythm))
        if best:
            return best
    return None


def _rests(fit: Fit, level: Array, rhythm: Rhythm) -> bool:
    """True if the group is whole and no half of the pauses around it is filled, as it is in
    continuous beeping."""
    begin, end, half = fit.pulses[0][0], fit.pulses[-1][1], rhythm.before // 2
    starts = (begin - 2 * half, begin - half, end, end + half)
    filled = [level[max(start, 0) : max(start + half, 0)] > fit.level - BEEP_DB for start in starts]
    return end <= len(level) and all(each.mean() <= FILLED for each in filled if len(each))


def _steady(decibels: Array, tracks: Tracks, fit: Fit, hertz: float) -> bool:
    """True if the pitch is constant and the gaps are real: without removal of echoes, a sustained
    note appears to have gaps."""
    steady = unsteadiness(decibels, tracks.pitch, hertz, fit.pulses) <= UNSTEADY
    return steady and depth(decibels, tracks.pitch, hertz, fit.pulses) >= DEPTH_DB


def _pure(
    decibels: Array, tracks: Tracks, fit: Fit, hertz: float, rhythm: Rhythm, level: Array
) -> bool:
    """True if the harmonics are those of a square wave. Without harmonics, no other tone near the
    pitch may fill the pause, as in a two-tone siren."""
    if len(tracks.pitch.harmonics) > 1:
        return has_fundamental(decibels, tracks.pitch, hertz, fit.pulses)
    begin, end = fit.pulses[0][0], fit.pulses[-1][1]
    loudest = level.max(axis=0)
    pause = np.concatenate(
        [loudest[max(begin - rhythm.before, 0) : begin], loudest[end : end + rhythm.before]]
    )
    return bool(np.mean(pause > max(fit.level - ALONE_DB, TONE_DB)) <= FILLED)


def _likely(score: Array, rhythm: Rhythm) -> Iterator[int]:
    """Frames at which a group may begin, most likely first."""
    left = score.copy()
    last = len(score) - round(rhythm.group() / HOP_SEC)
    for _ in range(LIKELY):
        at = int(left.argmax())
        if left[at] < PROMISING:
            return
        left[max(at - rhythm.spacing, 0) : at + rhythm.spacing + 1] = 0
        if min(at, rhythm.before) + min(max(last - at, 0), rhythm.before) >= SEEN * rhythm.before:
            yield at


def _begins(score: Array, level: Array, best: Fit, rhythm: Rhythm) -> list[int]:
    """Frames at which the groups of an alarm begin, without a gap between them.

    Args:
        score: of the quick search.
        level: of the track of the best group.
    """
    found = [best.pulses[0][0]]
    for period in (-rhythm.period() / HOP_SEC, rhythm.period() / HOP_SEC):
        near = best.pulses[0][0]
        while (near := _next(score, near + period, LATE * abs(period))) >= 0:
            fit = refine(level, rhythm, near)
            if fit.score < FURTHER * best.score:
                break
            found.append(fit.pulses[0][0])
    return sorted(found)


def _next(score: Array, beat: float, late: float) -> int:
    """The most likely begin of a group near a beat, as a frame, or -1."""
    first = max(round(beat - late), 0)
    near = score[first : max(round(beat + late) + 1, 0)]
    return first + int(near.argmax()) if len(near) and near.max() > 0 else -1


def _alarm(rhythm: Rhythm, found: Found, span: Interval) -> Alarm:
    length = found.fit.pulses[-1][1] - found.fit.pulses[0][0]
    # A frame counts from its middle on.
    start, end = (
        round((frame * HOP_SEC + WINDOW / RATE / 2) * 1000)
        for frame in (found.begins[0], found.begins[-1] + length)
    )
    return Alarm(
        pattern=rhythm.name,
        frequency_hz=round(found.hertz),
        confidence=round(min(found.fit.score, 1.0), 4),
        groups=len(found.begins),
        start_ms=min(span.start_ms + start, span.end_ms),
        end_ms=min(span.start_ms + end, span.end_ms),
    )
