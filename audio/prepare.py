"""The one pass over a new recording: decode, resample, store, find speech, plan chunks; whole or not at all."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import numpy as np

from analysis.types import Interval, Utterance
from audio.clip import Waveform
from audio.decode import decode
from audio.dual_mono import DualMono
from audio.frames import Tally
from audio.pcm_writer import PcmWriter
from audio.plan import PlanLimits, plan_chunks
from audio.probe import Probe, probe
from audio.store import pcm_uri
from audio.vad import VAD_RATE, SpeechDetector


@dataclass(frozen=True)
class Prepared:
    """A recording in the store, ready to be analysed. ``audio`` maps sample rates (Hz) to URIs of the stored PCM."""

    duration_ms: int
    channels: int
    native_rate: int
    container: str
    codec: str
    audio: dict[int, str]
    utterances: tuple[Utterance, ...]
    chunks: tuple[Interval, ...]
    dual_mono: bool
    """The file had two channels with one signal; one was kept."""
    notes: tuple[str, ...]
    """What a reader of the report should know about the file, one sentence each."""


def prepare(
    path: Path,
    recording_id: UUID,
    store_url: str,
    *,
    rates: Iterable[int] = (),
    limits: PlanLimits | None = None,
    accept_truncated: bool = False,
    on_progress: Callable[[int], None] | None = None,
) -> Prepared:
    """Decodes ``path`` once, in bounded memory, and stores it at each of ``rates`` (Hz; 16 kHz always, the VAD needs it).

    ``on_progress`` is told the milliseconds decoded so far, about once per second of sound.

    Raises:
        BadAudio: any of ``BAD_AUDIO_CODES``; nothing is stored then.
        Forbidden: ``unreadable``.
        Unavailable: the store is away or its disk full; nothing is stored then.
    """
    found = probe(path)
    tally, dual_mono = Tally(), DualMono(found.channels)
    lanes = [_Lane(found, pcm_uri(store_url, recording_id, rate), rate) for rate in sorted({VAD_RATE, *rates})]
    with _all_or_nothing(lanes):
        for block in decode(path, found, tally, accept_truncated):
            dual_mono.heard(block)
            for lane in lanes:
                lane.write(block)
            if on_progress:
                on_progress(tally.samples * 1000 // found.sample_rate)
        for lane in lanes:
            lane.finish(one_channel=dual_mono.same)
    return _prepared(found, tally, dual_mono.same, lanes, limits or PlanLimits())


def _prepared(found: Probe, tally: Tally, dual_mono: bool, lanes: Sequence["_Lane"], limits: PlanLimits) -> Prepared:
    channels = 1 if dual_mono else found.channels
    duration_ms = -(-tally.samples * 1000 // found.sample_rate)
    utterances = tuple(_speech(lanes, channels, duration_ms))
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
        notes=tuple(_notes(found, tally, dual_mono)),
    )


@contextmanager
def _all_or_nothing(lanes: Sequence["_Lane"]) -> Iterator[None]:
    """Opens every writer; if anything fails, even the last one's publishing, those already published are taken back."""
    try:
        with ExitStack() as stack:
            for lane in lanes:
                stack.enter_context(lane.writer)
            yield
    except BaseException:
        for lane in lanes:
            lane.writer.withdraw()
        raise


class _Lane:
    """One sample rate of the recording: resampler, writer, and at 16 kHz a speech detector per channel."""

    def __init__(self, found: Probe, uri: str, rate: int) -> None:
        import soxr

        self.rate = rate
        same_rate = rate == found.sample_rate
        self._resampler = None if same_rate else soxr.ResampleStream(found.sample_rate, rate, found.channels, dtype="float32")
        self.detectors = [SpeechDetector(channel) for channel in range(found.channels)] if rate == VAD_RATE else []
        self.writer = PcmWriter(uri, found.channels)

    def write(self, block: Waveform, last: bool = False) -> None:
        if self._resampler is not None:
            block = self._resampler.resample_chunk(np.ascontiguousarray(block.T), last=last).T
        self.writer.write(block)
        for detector, samples in zip(self.detectors, block, strict=False):
            detector.feed(samples)

    def finish(self, one_channel: bool) -> None:
        self.write(np.zeros((self.writer.channels, 0), dtype=np.float32), last=True)
        if one_channel:
            self.writer.keep_channel(0)


def _speech(lanes: Sequence[_Lane], channels: int, duration_ms: int) -> list[Utterance]:
    heard = [one for lane in lanes for detector in lane.detectors[:channels] for one in detector.finish()]
    clipped = [one.model_copy(update={"end_ms": min(one.end_ms, duration_ms)}) for one in heard if one.start_ms < duration_ms]
    return sorted(clipped, key=lambda one: (one.start_ms, one.channel))


def _notes(found: Probe, tally: Tally, dual_mono: bool) -> Iterable[str]:
    if dual_mono:
        yield "Both channels carry the same signal; it is analysed as one channel."
    if tally.truncated_ms:
        yield f"The file is cut off: {tally.truncated_ms / 1000:.1f} s that its header states are missing."
    if found.is_cut:
        yield "The file is cut off; how much is missing cannot be known."
    if tally.damaged:
        yield f"{tally.damaged} of {tally.packets} packets were damaged and left out."
    if tally.silenced:
        yield f"{tally.silenced / found.sample_rate:.1f} s without sound data in between are treated as silence."
