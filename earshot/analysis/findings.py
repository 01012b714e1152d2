"""Findings of the analyses: the base type, and those read by other stages."""

from typing import Annotated, Literal

from pydantic import Field

from earshot.analysis.noise_labels import EMERGENCY
from earshot.analysis.types import Frozen, Interval, Millis, Utterance

Share = Annotated[float, Field(ge=0, le=1)]
Scores = dict[str, Share]
"""Label to share; every label of the model is present and the shares sum to 1 (000-21)."""

UNCLEAR = "unclear"
SCENES = ("speech", "music", "noise", "silence", "other")
SENTIMENTS = ("negative", "neutral", "positive")


class Classification(Frozen):
    """One answer out of a closed label set."""

    label: str
    confidence: Share
    scores: Scores
    abstained: bool = False
    """No label is supported by evidence: ``label`` is ``UNCLEAR``, ``confidence`` the top share."""


class CoveredClassification(Classification):
    """An answer out of a label set that the release may cover in part."""

    label_coverage: dict[str, bool]
    """For each label, true if the release covers it. A label outside the coverage has a share of 0
    because the release lacks it, not because it was ruled out (C-04)."""


Published = CoveredClassification | Classification
"""The answer in a ``classification`` event."""


class Findings(Frozen):
    """Base class of the result of ``analyze()`` for a chunk. Deterministic: scores are rounded, no
    times of day."""

    def classification(self) -> Published | None:
        """The chunk-level answer to publish as a ``classification`` event; None when there is none
        to publish."""
        return None

    def tokens(self) -> int:
        """Tokens of a language model that the analysis used; counted against the limit of the day
        (``earshot.pipeline.topics.spending``)."""
        return 0

    def alarms(self) -> tuple["Alarm", ...]:
        """Alarms to publish before the merge: each is an ``emergency`` event at once. Used only if
        the card is ``urgent``."""
        return ()


class LabelledInterval(Interval):
    """A stretch with one label."""

    label: str
    confidence: Share


class SoundEvent(LabelledInterval):
    """One sound from its begin to its end; those of other labels may overlap it. ``confidence``:
    its mean share."""

    peak: Share
    """The largest share of the label within it."""


class Rejected(Interval):
    """A detected sound that is not reported as an event: the strongest of its label rejected for
    this reason."""

    label: str
    peak: Share
    """The largest share of the label in the network's output."""
    reason: Literal["threshold", "duration", "energy"]
    """``threshold``: the share never reaches the threshold of an event. ``duration``: too short.
    ``energy``: below the level of audible sound."""
    limit: float
    """The limit that was missed: a share, milliseconds, or dBFS."""


class RawScore(Frozen):
    """One class of the network's own, at its highest score."""

    label: str
    score: Share
    at_ms: Millis


class SceneFindings(Findings):
    """The kind of sound in a chunk over time: speech, music, noise, silence, other (000-05). The
    label of the chunk is that of its audible part; silence only if hardly anything is audible
    (``earshot.analysis.report.prevailing``)."""

    label: str
    confidence: Share
    scores: Scores
    intervals: tuple[LabelledInterval, ...]
    """The label of each moment, without gaps."""
    heard_ms: Millis | None = None
    """Time not dominated by silence; null in findings of older releases."""
    events: tuple[SoundEvent, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    raw: tuple[RawScore, ...] = ()
    """The network's own classes with their largest scores, highest first; a selection if there are
    many (C-05)."""

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
    """Correlation of the best group with the rhythm; not a probability."""
    groups: Annotated[int, Field(gt=0)]
    """Number of detected groups of pulses."""


class RoleScores(Utterance):
    """Acoustic sentiment of one utterance under the model of one role."""

    role: str
    scores: Scores
    answered_from: Share = 0.0
    """Least share of an answer of the role's model, which abstains below it; 0 in findings of older
    releases, which always answer."""


class SentimentFindings(Findings):
    """Acoustic sentiment per utterance: negative, neutral, positive (C-06). If the role of a
    channel is unknown, each utterance is scored under both role models and the report chooses."""

    utterances: tuple[RoleScores, ...]
    overall: Classification

    def classification(self) -> Classification:
        return self.overall


Timing = Literal["native", "aligned", "interpolated"]
"""Origin of a word's time: ``native``, from the recogniser; ``aligned``, the text was aligned with
the audio afterwards (forced alignment); ``interpolated``, distributed over the gap between words
with times (digits, characters outside the aligner's alphabet, recognisers without times)."""


class Word(Utterance):
    """One recognised word with its time and confidence."""

    text: str
    confidence: Share
    timing: Timing = "native"


class SuppressedText(Utterance):
    """Recogniser output rejected as hallucinated (``earshot.analysis.words.hallucinated``), or
    written of speech in a language that the recogniser does not know."""

    text: str
    reason: Literal["repetition", "low_probability", "no_speech", "language_unsupported"]
    words: tuple[Word, ...] = ()
    """Those of ``language_unsupported``, which the rest of the recording may restore."""


class Spoken(Utterance):
    """A stretch whose recogniser judged its language."""

    other_language: float | None = None
    """Natural log odds that it is in another language than its recogniser's; null if the recogniser
    could not judge it."""
    language: str | None = None
    """The likeliest other one, as a detector has it (Whisper's code); null where none was asked."""
    language_share: float | None = None
    """The detector's probability of that language."""


class Redacted(Utterance):
    """A stretch whose words and sound are removed."""

    kind: str
    """What was found (``earshot.analysis.pii.detect``), or ``unheard``: speech of which no words
    are known."""


class AsrFindings(Findings):
    """The words of a chunk, in order of channel and time. Never published on the event stream."""

    language: str
    """BCP 47: the requested or the detected language."""
    words: tuple[Word, ...]
    suppressed_text: tuple[SuppressedText, ...] = ()
    """Kept for inspection, in no transcript."""
    spoken: tuple[Spoken, ...] = ()
    """The evidence for the language of a voice, which is judged over its whole recording
    (``earshot.analysis.words.whole_recording``)."""
    doubtful_below: Share | None = None
    """Confidence below which about half of the words are wrong; null where that was not measured
    for the recogniser, or where several wrote them."""
    routed_to: str | None = None
    """Release that transcribed this, if the language is routed to another one than the job's."""
    redacted: tuple[Redacted, ...] = ()
    """Personal data that was removed from the words, where the request asks for that; ``words`` has
    ``[card]`` and the like in its place."""


class SpeakerTurn(Utterance):
    """A turn of one speaker on one channel."""

    speaker: Annotated[str, Field(pattern=r"^s\d+$")]


class DiarizationFindings(Findings):
    """Speaker turns over the whole recording; speakers are numbered in order of first
    appearance."""

    method: Literal["channel", "clustering"]
    speakers: int
    turns: tuple[SpeakerTurn, ...]
    """Overlapping where the release detects simultaneous speech."""
    exclusive: tuple[SpeakerTurn, ...] = ()
    """The same with one speaker at a time, for assigning words; empty if ``turns`` serve for
    that."""
