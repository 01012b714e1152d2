"""Diarization: by channel if channels have roles, else by voice on the one channel."""

from collections.abc import Iterable, Sequence
from typing import Literal

from earshot.analysis.findings import DiarizationFindings, SpeakerTurn
from earshot.analysis.outcome import NO_SPEECH, Skipped
from earshot.analysis.types import Release, Utterance
from earshot.audio.clip import Clip
from earshot.models.runtimes import open_release
from earshot.models.speakers.diarizer import TURN_GAP_MS, Diarizer, Spoken
from earshot.settings import settings

FINDINGS = DiarizationFindings


def load(release: Release, device: str) -> Diarizer:
    """Opens the diarizer.

    Raises:
        Misconfigured: there is no such runtime, its packages are not installed, or the checkpoint
            is not the release's.
    """
    model: Diarizer = open_release(release, device, settings())
    return model


def analyze(model: Diarizer, clips: Sequence[Clip]) -> list[DiarizationFindings | Skipped]:
    """Turns of each recording; ``no_speech`` if the VAD found none."""
    return [
        _diarize(model, clip) if clip.ref.speech else Skipped(reason=NO_SPEECH) for clip in clips
    ]


def _diarize(model: Diarizer, clip: Clip) -> DiarizationFindings:
    if clip.ref.roles:
        return findings("channel", ((str(item.channel), item) for item in clip.ref.speech))
    channel = clip.ref.speech[0].channel
    found = model(clip, channel)
    if found.exclusive:
        return _overlapping(found.turns, found.exclusive, channel)
    return findings("clustering", ((item.voice, _span(item, channel)) for item in found.turns))


def findings(
    method: Literal["channel", "clustering"], labelled: Iterable[tuple[str, Utterance]]
) -> DiarizationFindings:
    """Speakers numbered by first appearance; stretches of one speaker joined over short pauses."""
    names: dict[str, str] = {}
    turns: list[SpeakerTurn] = []
    latest: dict[int, int] = {}  # channel to its last turn
    for voice, item in sorted(labelled, key=lambda pair: (pair[1].start_ms, pair[1].channel)):
        speaker = names.setdefault(voice, f"s{len(names)}")
        last = turns[latest[item.channel]] if item.channel in latest else None
        if last and last.speaker == speaker and item.start_ms - last.end_ms < TURN_GAP_MS:
            turns[latest[item.channel]] = last.model_copy(
                update={"end_ms": max(item.end_ms, last.end_ms)}
            )
            continue
        latest[item.channel] = len(turns)
        turns.append(
            SpeakerTurn(
                speaker=speaker, start_ms=item.start_ms, end_ms=item.end_ms, channel=item.channel
            )
        )
    return DiarizationFindings(method=method, speakers=len(names), turns=tuple(turns))


def _overlapping(
    turns: Sequence[Spoken], exclusive: Sequence[Spoken], channel: int
) -> DiarizationFindings:
    """Turns as returned by the runtime, including overlaps and pauses; speakers numbered by first
    appearance."""
    names: dict[str, str] = {}
    for item in (*turns, *exclusive):
        names.setdefault(item.voice, f"s{len(names)}")

    def named(spoken: Iterable[Spoken]) -> tuple[SpeakerTurn, ...]:
        return tuple(
            SpeakerTurn(speaker=names[item.voice], **_span(item, channel).model_dump())
            for item in spoken
        )

    return DiarizationFindings(
        method="clustering", speakers=len(names), turns=named(turns), exclusive=named(exclusive)
    )


def _span(item: Spoken, channel: int) -> Utterance:
    return Utterance(start_ms=item.start_ms, end_ms=item.end_ms, channel=channel)
