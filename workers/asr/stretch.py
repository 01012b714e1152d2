"""Stretches of speech: their sound, and what was found of them."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from earshot.analysis.findings import Spoken, Word
from earshot.analysis.spans import fuse, overlap_ms
from earshot.analysis.types import Utterance
from earshot.analysis.words.spelling import is_word, written
from earshot.audio.clip import Clip
from earshot.audio.features.level import evened
from earshot.compute.sound import Samples
from earshot.models.asr.recogniser import Recognition
from earshot.models.whisper.language_detector import Detected

PLACES = 3


@dataclass(frozen=True)
class Stretch:
    """One stretch of a clip, its recogniser, and what that wrote."""

    clip: int
    """Position among the clips."""
    recording: UUID
    span: Utterance
    release: str
    recognition: Recognition
    foreign: float = 0.0
    """Probability of another language than the recogniser's."""
    abroad: bool = False
    """The recogniser of ``und`` was asked, and its answer stands."""
    detected: Detected | None = None
    """The language by the second opinion, if it was asked."""

    @property
    def length_ms(self) -> int:
        return self.span.end_ms - self.span.start_ms

    def spoken(self) -> Spoken:
        """The evidence for its language, as findings keep it."""
        detected = self.detected
        return Spoken(
            **self.span.model_dump(),
            other_language=self.recognition.foreign,
            language=detected and detected.language,
            language_share=detected and round(detected.share, PLACES),
        )


def most(stretches: Sequence[Stretch], value: Callable[[Stretch], str], default: str) -> str:
    """The value of most of the sound."""
    lengths: Counter[str] = Counter()
    for each in stretches:
        lengths[value(each)] += each.length_ms
    return max(lengths, key=lambda key: (lengths[key], key), default=default)


def read(clip: Clip, span: Utterance) -> Samples:
    """The sound of a stretch, its utterances at like levels."""
    samples: Samples = clip.read(span.start_ms, span.end_ms, span.channel)[0]
    return evened(samples, _voices(clip, span)) if len(samples) else samples


def _voices(clip: Clip, span: Utterance) -> list[slice]:
    """Positions of the utterances of a stretch among its samples."""
    inside = fuse(
        item for item in clip.ref.speech if item.channel == span.channel and overlap_ms(item, span)
    )
    times = [(max(item.start_ms, span.start_ms), min(item.end_ms, span.end_ms)) for item in inside]
    rate = clip.sample_rate
    return [slice(*((ms - span.start_ms) * rate // 1000 for ms in each)) for each in times]


def words_of(span: Utterance, recognition: Recognition) -> list[Word]:
    """Words on the recording's time line, within the stretch: a recogniser's last frame may pass
    its end."""
    found = []
    for word in recognition.words:
        start = min(span.start_ms + word.start_ms, span.end_ms)
        text = written(word.text)
        if is_word(text):  # notes and dashes are not spoken
            found.append(
                Word(
                    text=text,
                    confidence=round(word.confidence, PLACES),
                    timing=word.timing,
                    channel=span.channel,
                    start_ms=start,
                    end_ms=max(start, min(span.start_ms + word.end_ms, span.end_ms)),
                )
            )
    return found
