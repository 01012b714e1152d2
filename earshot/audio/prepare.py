"""Prepares a new recording in one pass: decodes, resamples, stores, detects speech and plans
chunks; whole or not at all."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from uuid import UUID

from earshot.analysis.errors import EarshotError
from earshot.analysis.quality import RecordingQuality
from earshot.analysis.types import Interval, Utterance
from earshot.audio.decoding.decode import check_longest, decode
from earshot.audio.decoding.frames import Tally
from earshot.audio.decoding.notes import file_notes
from earshot.audio.decoding.probe import Probe, probe
from earshot.audio.features.level import mixed
from earshot.audio.lane import Lane, speech_of
from earshot.audio.media_file import MediaFile, Source, opened
from earshot.audio.plan import PlanLimits, plan_chunks
from earshot.audio.quality.dual_mono import DualMono
from earshot.audio.quality.measure import QualityMeter
from earshot.audio.speech.vad import VAD_RATE
from earshot.audio.store import peaks
from earshot.audio.store.layout import check_space, pcm_uri
from earshot.audio.store.pcm import SAMPLE_BYTES
from earshot.compute.sound import Waveform

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Prepared:
    """A recording in the store, ready to be analysed. ``audio`` maps sample rates (Hz) to URIs of
    the stored PCM."""

    duration_ms: int
    channels: int
    native_rate: int
    container: str
    codec: str
    audio: dict[int, str]
    utterances: tuple[Utterance, ...]
    chunks: tuple[Interval, ...]
    dual_mono: bool
    """True if the file had two channels with one signal; one was kept."""
    quality: RecordingQuality
    notes: tuple[str, ...]
    """Notes on the file for the report, one sentence each."""


def prepare(
    source: Source,
    recording_id: UUID,
    store_url: str,
    *,
    rates: Iterable[int] = (),
    limits: PlanLimits | None = None,
    mix: bool = False,
    accept_truncated: bool = False,
    longest_ms: int | None = None,
    found: Probe | None = None,
) -> Prepared:
    """Decodes ``source`` once, in bounded memory, and stores it at each of ``rates`` (Hz; 16 kHz
    always, the VAD needs it).

    Args:
        mix: channels are not one speaker each: store, and hear speech in, one channel mixed of all.
        longest_ms: no recording may be longer.
        found: what ``probe`` says of the file, where it was asked already.

    Raises:
        BadAudio: any of ``BAD_AUDIO_CODES``; nothing is stored then.
        Forbidden: ``unreadable``.
        Unavailable: the store is away or its disk full; ``growing``, the file was written to
            meanwhile; nothing is stored then.
    """
    with opened(source) as file:
        found, tally = found or probe(file), Tally()
        check_longest(found.certain_ms, longest_ms)
        channels = 1 if mix else found.channels
        uris = {rate: pcm_uri(store_url, recording_id, rate) for rate in sorted({VAD_RATE, *rates})}
        check_space(store_url, found.certain_ms * channels * SAMPLE_BYTES * sum(uris) // 1000)
        lanes = [Lane(uri, found.sample_rate, rate, channels) for rate, uri in uris.items()]
        meter = QualityMeter(found)
        blocks = decode(file, found, tally, accept_truncated, longest_ms)
        dual_mono, drawn = _store(file, blocks, found, lanes, channels, meter)
    try:
        peaks.put(store_url, recording_id, drawn)
    except EarshotError as error:  # the first who asks for them makes them
        log.warning("recording %s has no peaks yet: %s", recording_id, error)
    return _prepared(found, tally, lanes, dual_mono, limits or PlanLimits(), meter)


def _store(
    file: MediaFile,
    blocks: Iterable[Waveform],
    found: Probe,
    lanes: Sequence[Lane],
    channels: int,
    meter: QualityMeter,
) -> tuple[bool, peaks.Pairs]:
    """Fills the lanes; returns whether the recording is dual mono, of which one channel is kept,
    and its peaks."""
    dual_mono = DualMono(channels)
    with _all_or_nothing(lanes):
        for decoded in blocks:
            meter.update(decoded)
            block = decoded if channels == found.channels else mixed(decoded)[None]
            dual_mono.update(block)
            for lane in lanes:
                lane.write(block)
        file.check_unchanged()
        for lane in lanes:
            lane.finish(one_channel=dual_mono.same)
        slow = next(lane for lane in lanes if lane.rate == peaks.RATE)
        drawn = peaks.measure(slow.writer.blocks(peaks.BLOCK))
    return dual_mono.same, drawn


def _prepared(
    found: Probe,
    tally: Tally,
    lanes: Sequence[Lane],
    dual_mono: bool,
    limits: PlanLimits,
    meter: QualityMeter,
) -> Prepared:
    channels = lanes[0].writer.channels
    duration_ms = -(-tally.samples * 1000 // found.sample_rate)
    utterances = speech_of(lanes, duration_ms)
    return Prepared(
        duration_ms=duration_ms,
        channels=channels,
        native_rate=found.sample_rate,
        container=found.container,
        codec=found.codec,
        audio={lane.rate: lane.writer.uri for lane in lanes},
        utterances=utterances,
        chunks=plan_chunks(duration_ms, utterances, limits),
        dual_mono=dual_mono,
        quality=meter.judge(
            [snr for lane in lanes for snr in lane.snr_db()],
            [each for lane in lanes for each in lane.own.crosstalk],
        ),
        notes=(
            *_notes(found, tally, channels, dual_mono),
            *(note for lane in lanes for note in lane.notes()),
        ),
    )


@contextmanager
def _all_or_nothing(lanes: Sequence[Lane]) -> Iterator[None]:
    """Opens every writer; if anything fails, even the publishing of the last one, removes those
    already published."""
    try:
        with ExitStack() as stack:
            for lane in lanes:
                stack.enter_context(lane.writer)
            yield
    except BaseException:
        for lane in lanes:
            lane.writer.withdraw()
        raise


def _notes(found: Probe, tally: Tally, channels: int, dual_mono: bool) -> Iterable[str]:
    if dual_mono:
        yield "Both channels carry the same signal; it is analysed as one channel."
    elif channels < found.channels:
        yield f"{found.channels} channels without roles were mixed into one."
    yield from file_notes(found, tally)
