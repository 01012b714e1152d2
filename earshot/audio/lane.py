"""Stores a recording at one sample rate."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from earshot.analysis.types import Utterance
from earshot.audio.echoes.crosstalk import PAD_MS, Own, own_speech
from earshot.audio.speech.faint import Again, listen_again
from earshot.audio.speech.vad import VAD_RATE, SpeechDetector
from earshot.audio.store.pcm_writer import PcmWriter
from earshot.compute.sound import Waveform


class Lane:
    """Resampler, writer, and at 16 kHz a speech detector per channel."""

    def __init__(self, uri: str, native_rate: int, rate: int, channels: int) -> None:
        import soxr

        self.rate = rate
        same_rate = rate == native_rate
        self._resampler = (
            None if same_rate else soxr.ResampleStream(native_rate, rate, channels, dtype="float32")
        )
        self._detectors = (
            [SpeechDetector(channel) for channel in range(channels)] if rate == VAD_RATE else []
        )
        self.writer = PcmWriter(uri, channels)
        self.again: list[Again] = []
        """Result of the second detection pass on each channel, after ``finish``."""
        self.own = Own((), (), ())
        """The channel's own speech within it."""
        self._samples = 0

    def write(self, block: Waveform, last: bool = False) -> None:
        """Writes a block of shape (channels, samples) at the native rate."""
        if self._resampler is not None:
            block = self._resampler.resample_chunk(np.ascontiguousarray(block.T), last=last).T
        self.writer.write(block)
        self._samples += block.shape[1]
        for detector, samples in zip(self._detectors, block, strict=False):
            detector.feed(samples)

    def finish(self, one_channel: bool) -> None:
        """Flushes the resampler and ends speech detection; ``one_channel`` keeps the first channel
        only."""
        self.write(np.zeros((self.writer.channels, 0), dtype=np.float32), last=True)
        if one_channel:
            self.writer.keep_channel(0)
            self._detectors = self._detectors[:1]
        for detector in self._detectors:
            read = partial(self.writer.read, detector.channel)
            self.again.append(listen_again(detector.finish(), detector.levels_db(), read))
        self.own = own_speech(
            [each.speech for each in self.again],
            [detector.levels_db() for detector in self._detectors],
            [each.noise for each in self.again],
            self._samples,
            self.writer.read,
        )
        self._silence_echoes()

    def _silence_echoes(self) -> None:
        """Silences echoes in the stored audio, since speech recognition also reads the pauses
        between joined utterances."""
        for one in (echo for each in self.own.echoes for echo in each):
            start, end = one.start_ms + PAD_MS, one.end_ms - PAD_MS
            if start < end:
                self.writer.silence(one.channel, start * self.rate // 1000, end * self.rate // 1000)

    def snr_db(self) -> list[float | None]:
        """Signal-to-noise ratio of every channel with speech detection; call after ``finish``."""
        return [detector.levels.snr_db() for detector in self._detectors]

    def speech(self) -> list[Utterance]:
        """The detected speech; call after ``finish``."""
        return [one for each in self.own.speech for one in each]

    def notes(self) -> list[str]:
        """Notes on the detection for the report; call after ``finish``."""
        name = "" if len(self.again) == 1 else "Channel {}: "
        faint = ((channel, again.note()) for channel, again in enumerate(self.again, 1))
        echoes = (
            (channel, one.note())
            for channel, each in enumerate(self.own.crosstalk, 1)
            for one in each
        )
        return [f"{name.format(channel)}{note}" for channel, note in (*echoes, *faint) if note]


def speech_of(lanes: Sequence[Lane], duration_ms: int) -> tuple[Utterance, ...]:
    """All speech within the recording, by time and channel."""
    utterances = [one for lane in lanes for one in lane.speech()]
    clipped = [
        one.model_copy(update={"end_ms": min(one.end_ms, duration_ms)})
        for one in utterances
        if one.start_ms < duration_ms
    ]
    return tuple(sorted(clipped, key=lambda one: (one.start_ms, one.channel)))
