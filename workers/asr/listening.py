"""Assigns clips to recognisers, and recognises all stretches of the clips at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from earshot.analysis.spans import fuse, overlap_ms
from earshot.analysis.types import Utterance
from earshot.analysis.words.languages import UNDETERMINED
from earshot.analysis.words.stretches import stretches
from earshot.audio.clip import Clip
from earshot.audio.features.level import evened
from earshot.compute.sound import Samples
from earshot.models.asr.recogniser import Recogniser, Recognition
from workers.asr.routes import Recognisers


def primary(language: str) -> str:
    """The primary subtag of a BCP 47 language; recognisers ignore regions and scripts."""
    return language.partition("-")[0].lower()


@dataclass(frozen=True)
class RecognisedClip:
    """A clip, its recogniser, and the recognised words of each stretch."""

    clip: Clip
    release: str
    spans: list[Utterance]
    recognised: list[Recognition]

    @property
    def language(self) -> str:
        """The language of most of the audio."""
        lengths: dict[str, int] = {}
        for span, found in zip(self.spans, self.recognised, strict=True):
            lengths[found.language] = lengths.get(found.language, 0) + span.end_ms - span.start_ms
        return max(
            lengths,
            key=lambda language: (lengths[language], language),
            default=primary(self.clip.ref.language),
        )


def listen(model: Recognisers, clips: Sequence[Clip]) -> list[RecognisedClip]:
    """Recognises every clip in its language, in order. Clips of an unknown language are recognised
    twice if the detected language is routed to another recogniser."""
    first = _recognise(model, clips, [primary(clip.ref.language) for clip in clips])
    found = [_settled(model, each) for each in first]
    again = [index for index, language in enumerate(found) if language]
    second = _recognise(model, [clips[index] for index in again], [found[index] for index in again])
    return [
        {**dict(enumerate(first)), **dict(zip(again, second, strict=True))}[index]
        for index in range(len(clips))
    ]


def _settled(model: Recognisers, result: RecognisedClip) -> str:
    """The language in which a clip must be recognised again; empty if not."""
    if primary(result.clip.ref.language) != UNDETERMINED or result.language == UNDETERMINED:
        return ""
    name, recogniser = model.of(result.language)
    return result.language if name != result.release and recogniser.speaks(result.language) else ""


def _recognise(
    model: Recognisers, clips: Sequence[Clip], languages: Sequence[str]
) -> list[RecognisedClip]:
    """Recognises all stretches of the clips of one recogniser in one call."""
    named = [model.of(language) for language in languages]
    found: dict[int, RecognisedClip] = {}
    for name, recogniser in dict(named).items():
        rows = [index for index, (other, _) in enumerate(named) if other == name]
        parts = {row: _read(recogniser, clips[row]) for row in rows}
        samples = [piece for row in rows for _, piece in parts[row]]
        asked = [languages[row] for row in rows for _ in parts[row]]
        answers = iter(recogniser.transcribe(samples, asked, model.hotwords) if samples else ())
        for row in rows:
            spans = [span for span, _ in parts[row]]
            found[row] = RecognisedClip(clips[row], name, spans, [next(answers) for _ in spans])
    return [found[index] for index in range(len(clips))]


def _read(recogniser: Recogniser, clip: Clip) -> list[tuple[Utterance, Samples]]:
    spans = stretches(clip.ref, recogniser.join_gap_ms, recogniser.longest_ms)
    read = [(span, clip.read(span.start_ms, span.end_ms, span.channel)[0]) for span in spans]
    return [(span, evened(samples, _voices(clip, span))) for span, samples in read if len(samples)]


def _voices(clip: Clip, span: Utterance) -> list[slice]:
    """Positions of the utterances of a stretch among its samples."""
    inside = fuse(
        item for item in clip.ref.speech if item.channel == span.channel and overlap_ms(item, span)
    )
    times = [(max(item.start_ms, span.start_ms), min(item.end_ms, span.end_ms)) for item in inside]
    rate = clip.sample_rate
    return [slice(*((ms - span.start_ms) * rate // 1000 for ms in each)) for each in times]
