"""What the analyses say: the base type of findings, and those that other stages read."""

from typing import Annotated, Literal

from pydantic import Field

from earshot.analysis.emotion6 import covered, six
from earshot.analysis.noise_labels import EMERGENCY
from earshot.analysis.types import Frozen, Interval, Millis, Utterance

Share = Annotated[float, Field(ge=0, le=1)]
Scores = dict[str, Share]
"""Label to share; every label of the model is present and the shares sum to 1 (000-21)."""


class Classification(Frozen):
    """One answer out of a closed label set."""

    label: str
    confidence: Share
    scores: Scores


class CoveredClassification(Classification):
    """An answer out of a label set of which the release may know a part."""

    label_coverage: dict[str, bool]
    """Whether the release can tell a label at all. One that it cannot has a share of 0 for that,
    not because it was not heard (C-04)."""


Published = CoveredClassification | Classification
"""What a ``classification`` event says."""


class Findings(Frozen):
    """Base of what ``analyze()`` returns for a chunk. Deterministic: scores are rounded, no times
    of day."""

    def classification(self) -> Published | None:
        """The chunk-level answer to publish as a ``classification`` event; None when there is none
        to publish."""
        return None

    def alarms(self) -> tuple["Alarm", ...]:
        """What cannot wait for the merge: each is an ``emergency`` event at once. Only a card that
        is ``urgent`` is asked."""
        return ()


class LabelledInterval(Interval):
    """A stretch with one label."""

    label: str
    confidence: Share


class SoundEvent(LabelledInterval):
    """One sound from where it begins to where it ends; those of other labels may overlap it.
    ``confidence``: its mean share."""

    peak: Share
    """The largest share of the label within it."""


class Rejected(Interval):
    """A sound that was heard, but is not told as an event: the strongest of its label that this
    reason kept back."""

    label: str
    peak: Share
    """The largest share of the label, as the network gave it."""
    reason: Literal["threshold", "duration", "energy"]
    """``threshold``: never as likely as an event must be where it begins. ``duration``: too short.
    ``energy``: below the level at which sound counts as heard."""
    limit: float
    """What it would have taken: a share, milliseconds, or dBFS."""


class RawScore(Frozen):
    """One class of the network's own, where it was surest of it."""

    label: str
    score: Share
    at_ms: Millis


class SceneFindings(Findings):
    """What kind of sound fills the chunk, and when: speech, music, noise, silence, other (000-05).
    The label of the whole is that of what is heard in it; silence only where hardly anything is
    (``earshot.analysis.report.prevailing``)."""

    label: str
    confidence: Share
    scores: Scores
    intervals: tuple[LabelledInterval, ...]
    """What fills each moment, without gaps."""
    heard_ms: Millis | None = None
    """How long something else than silence is heard; null in findings of releases that did not
    tell."""
    events: tuple[SoundEvent, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    raw: tuple[RawScore, ...] = ()
    """The classes of the network itself with their largest scores, the surest first; not all where
    they are many (C-05)."""

    def classification(self) -> Classification:
        return Classification(label=self.label, confidence=self.confidence, scores=self.scores)


class Alarm(Interval):
    """A fire alarm, from the start of its first group of pulses to the end of its last."""

    label: str = EMERGENCY
    pattern: Literal["T3", "T4"]
    """T3: three pulses of 0.5 s, smoke or evacuation (ISO 8201); T4: four of 0.1 s, carbon monoxide
    (NFPA 72)."""
    frequency_hz: Annotated[int, Field(gt=0)]
    confidence: Share
    """How well the best group keeps the rhythm: a correlation, and no probability."""
    groups: Annotated[int, Field(gt=0)]
    """Groups of pulses that were heard."""


class NoiseFindings(Findings):
    """Which environmental noise is heard (004-22..29). ``coverage`` lists the classes the
    checkpoint can tell at all."""

    label: str
    confidence: Share
    scores: Scores
    coverage: tuple[str, ...]
    bandwidth_limited: bool
    """The recording was made below 32 kHz, so classes that live in the upper band are unreliable
    (C-08)."""
    emergency: tuple[Alarm, ...] = ()
    """From a detector of its own, never from the scores (C-01)."""

    def alarms(self) -> tuple[Alarm, ...]:
        return self.emergency

    def classification(self) -> Classification:
        return Classification(label=self.label, confidence=self.confidence, scores=self.scores)


class RoleScores(Utterance):
    """Acoustic sentiment of one utterance under the model of one role."""

    role: str
    scores: Scores


class SentimentFindings(Findings):
    """Acoustic sentiment per utterance: negative, neutral, positive (C-06). Where the role of a
    channel is not known, each utterance is scored under both role models and the report chooses."""

    utterances: tuple[RoleScores, ...]
    overall: Classification

    def classification(self) -> Classification:
        return self.overall


Timing = Literal["native", "aligned", "interpolated"]
"""How a word came to its time: the recogniser said it; the text was aligned with the sound
afterwards (forced alignment); or it was spread over the gap between words that have one (digits,
what the aligner's alphabet lacks, recognisers that give none)."""


class Word(Utterance):
    """One recognised word with its time and confidence."""

    text: str
    confidence: Share
    timing: Timing = "native"


class SuppressedText(Utterance):
    """What a recogniser wrote down and nobody is believed to have said
    (``earshot.analysis.words.hallucinated``)."""

    text: str
    reason: Literal["repetition", "low_probability", "no_speech"]


class AsrFindings(Findings):
    """The words of a chunk, in order of channel and time. Never published on the event stream."""

    language: str
    """BCP 47: the one that was asked for, or the one that was heard."""
    words: tuple[Word, ...]
    suppressed_text: tuple[SuppressedText, ...] = ()
    """Kept for whoever wants to know, in no transcript."""
    routed_to: str | None = None
    """Release that wrote this down, where the language led to another one than the job's."""


class Emotion(Utterance):
    """Emotion of one utterance. ``label`` is in the canonical vocabulary (C-03); ``label_native``,
    ``confidence`` and ``scores`` are the model's own."""

    label: str
    label_native: str
    confidence: Share
    scores: Scores
    valence: Annotated[float, Field(ge=-1, le=1)] | None = None
    arousal: Annotated[float, Field(ge=-1, le=1)] | None = None
    dominance: Annotated[float, Field(ge=-1, le=1)] | None = None


class EmotionFindings(Findings):
    """Emotion per utterance, and pooled over the chunk in canonical labels. ``coverage`` lists
    those that the checkpoint can give at all (C-04)."""

    utterances: tuple[Emotion, ...]
    overall: Classification
    coverage: tuple[str, ...] = ()
    """Empty in findings of releases that did not tell."""
    dimensions_by: str | None = None
    """Release that rated valence, arousal and dominance; null where none did."""

    def classification(self) -> CoveredClassification:
        """In the six labels of 000-07."""
        scores = six(self.overall.scores)
        label = max(scores, key=lambda name: scores[name])
        told = covered(self.coverage or self.overall.scores)
        return CoveredClassification(
            label=label, confidence=scores[label], scores=scores, label_coverage=told
        )


class SpeakerTurn(Utterance):
    """One speaker holding the floor on one channel."""

    speaker: Annotated[str, Field(pattern=r"^s\d+$")]


class DiarizationFindings(Findings):
    """Who spoke when over the whole recording; speakers are numbered in order of first
    appearance."""

    method: Literal["channel", "clustering"]
    speakers: int
    turns: tuple[SpeakerTurn, ...]
    """Overlap where the release hears several people at once."""
    exclusive: tuple[SpeakerTurn, ...] = ()
    """The same with one speaker at a time, to give words to; empty where ``turns`` serve for
    that."""
