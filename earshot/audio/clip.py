"""The audio of a chunk as workers use it, read on demand from the store."""

from collections.abc import Callable
from dataclasses import dataclass

from earshot.analysis.errors import BadAudio
from earshot.analysis.report.sections import Transcript
from earshot.analysis.types import ChunkRef, Utterance
from earshot.audio.store import transcripts
from earshot.audio.store.pcm import read_pcm
from earshot.compute.sound import Waveform


@dataclass(frozen=True)
class Clip:
    """One chunk (or whole recording) with access to its samples."""

    ref: ChunkRef
    voice: Callable[[Utterance], bool] | None = None
    """Returns true if the scene network detects speech anywhere in a span; None where the gate is
    off (``workers.gate``)."""

    @property
    def sample_rate(self) -> int:
        return self.ref.sample_rate

    def read(
        self, start_ms: int | None = None, end_ms: int | None = None, channel: int | None = None
    ) -> Waveform:
        """Samples of ``[start_ms, end_ms)`` on the recording's time line; default: all of the
        chunk.

        With a ``channel``, only that one, shape (1, samples); the others take no memory then.

        Raises:
            BadAudio: ``missing``, the stored audio is gone.
            Unavailable: the store does not answer.
        """
        start = self.ref.start_ms if start_ms is None else start_ms
        end = self.ref.end_ms if end_ms is None else end_ms
        return read_pcm(
            self.ref.audio_uri, self.ref.sample_rate, self.ref.channels, start, end, channel
        )

    def transcript(self) -> Transcript:
        """The transcript, for an analysis of that scope.

        Raises:
            BadAudio: ``missing``, it is gone, or the job is not of that scope.
            Unavailable: the store does not answer.
        """
        if self.ref.transcript_uri is None:
            raise BadAudio(
                "missing", "the job names no transcript; the scope is in earshot/registry"
            )
        return transcripts.get(self.ref.transcript_uri)
