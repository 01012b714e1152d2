"""Judges the language of every voice of a job: by what its recogniser has noticed, and where that
is in doubt, by a detector of languages too."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from uuid import UUID

from earshot.analysis.words.foreign import other_language
from earshot.audio.clip import Clip
from earshot.models.whisper.language_detector import LanguageDetector
from workers.asr.routes import Recognisers
from workers.asr.stretch import Stretch, read

DOUBT = 0.005
"""Probability of another language from which the detector is asked about a stretch: ordinary
English stays below it."""
MOST_MS = 30_000
"""Speech of a voice in a job of which its language is detected."""


def judged(model: Recognisers, clips: Sequence[Clip], found: Sequence[Stretch]) -> list[Stretch]:
    """The stretches with the probability that each is foreign to its recogniser, voice by voice."""
    first = _by_voice(found)
    second = list(first)
    for voice in _voices(first):
        doubtful = [place for place in voice if _in_doubt(first[place])]
        if doubtful and (detector := model.detector):
            asked = _asked(detector, clips, [first[place] for place in doubtful])
            for place, each in zip(doubtful, asked, strict=True):
                second[place] = each
    return _by_voice(second)


def _in_doubt(stretch: Stretch) -> bool:
    return stretch.recognition.foreign is not None and stretch.foreign > DOUBT


def _asked(
    detector: LanguageDetector, clips: Sequence[Clip], doubtful: Sequence[Stretch]
) -> list[Stretch]:
    """Doubtful stretches of one voice with the odds that the detector adds to, the longest first up
    to ``MOST_MS``; the others follow these, without odds of their own."""
    after = [
        replace(each, recognition=replace(each.recognition, foreign=None)) for each in doubtful
    ]
    heard_ms = 0
    for place in sorted(range(len(doubtful)), key=lambda place: -doubtful[place].length_ms):
        each = doubtful[place]
        heard_ms += min(each.length_ms, detector.longest_ms)
        if heard_ms > MOST_MS:
            break
        detected = detector.detect(read(clips[each.clip], each.span), each.recognition.language)
        odds = detector.beside(each.recognition.foreign or 0.0, detected)
        recognition = replace(each.recognition, foreign=odds)
        after[place] = replace(each, recognition=recognition, detected=detected)
    return after


def _by_voice(found: Sequence[Stretch]) -> list[Stretch]:
    """The stretches as the odds of each voice give together."""
    after = list(found)
    for places in _voices(found):
        if all(found[place].recognition.foreign is None for place in places):
            continue
        shares = other_language([found[place].recognition.foreign for place in places])
        for place, share in zip(places, shares, strict=True):
            after[place] = replace(found[place], foreign=share, judged=True)
    return after


def _voices(found: Sequence[Stretch]) -> Iterator[list[int]]:
    """Positions of the stretches of each voice and recogniser, in order of time."""
    voices: dict[tuple[UUID, int, str], list[int]] = {}
    for place, each in enumerate(found):
        voices.setdefault((each.recording, each.span.channel, each.release), []).append(place)
    for places in voices.values():
        yield sorted(places, key=lambda place: found[place].span.start_ms)
