"""Judges the language of every voice of a job: by what its recogniser has noticed, and where that
is in doubt, by a detector of languages too."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import fmean
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
        doubtful = [place for place in voice if in_doubt(first[place])]
        if doubtful and (detector := model.detector):
            asked = _asked(detector, clips, [first[place] for place in doubtful])
            for place, each in zip(doubtful, asked, strict=True):
                second[place] = each
    return _by_voice(second)


def in_doubt(stretch: Stretch) -> bool:
    """The recogniser's language is not certain to be that of the stretch."""
    return stretch.recognition.foreign is not None and stretch.foreign > DOUBT


def _asked(
    detector: LanguageDetector, clips: Sequence[Clip], doubtful: Sequence[Stretch]
) -> list[Stretch]:
    """Doubtful stretches of one voice with the odds that the detector adds to, up to ``MOST_MS``:
    as much of those that the recogniser calls foreign as of the others, the longest first. The odds
    of the rest of either move as far as those of its kind did on average."""
    after = list(doubtful)
    places = range(len(doubtful))
    kinds = [
        sorted(
            (place for place in places if (_odds(doubtful[place]) > 0) is foreign),
            key=lambda place: -doubtful[place].length_ms,
        )
        for foreign in (False, True)
    ]
    kinds = [kind for kind in kinds if kind]
    for kind in kinds:
        chosen = _up_to(MOST_MS // len(kinds), doubtful, kind, detector.longest_ms)
        for place in chosen:
            after[place] = _detected(detector, clips, doubtful[place])
        moved = fmean(_odds(after[place]) - _odds(doubtful[place]) for place in chosen)
        for place in kind[len(chosen) :]:
            after[place] = _with_odds(doubtful[place], _odds(doubtful[place]) + moved)
    return after


def _up_to(
    most_ms: int, doubtful: Sequence[Stretch], kind: Sequence[int], longest_ms: int
) -> list[int]:
    """The first positions of a kind, as long as their sound together allows, and one at least."""
    chosen: list[int] = []
    total = 0
    for place in kind:
        total += min(doubtful[place].length_ms, longest_ms)
        if chosen and total > most_ms:
            break
        chosen.append(place)
    return chosen


def _detected(detector: LanguageDetector, clips: Sequence[Clip], each: Stretch) -> Stretch:
    detected = detector.detect(read(clips[each.clip], each.span), each.recognition.language)
    odds = detector.beside(_odds(each), detected)
    return replace(_with_odds(each, odds), detected=detected)


def _with_odds(stretch: Stretch, odds: float) -> Stretch:
    return replace(stretch, recognition=replace(stretch.recognition, foreign=odds))


def _odds(stretch: Stretch) -> float:
    return stretch.recognition.foreign or 0.0


def _by_voice(found: Sequence[Stretch]) -> list[Stretch]:
    """The stretches as the odds of each voice give together."""
    after = list(found)
    for places in _voices(found):
        if all(found[place].recognition.foreign is None for place in places):
            continue
        shares = other_language([found[place].recognition.foreign for place in places])
        for place, share in zip(places, shares, strict=True):
            after[place] = replace(found[place], foreign=share)
    return after


def _voices(found: Sequence[Stretch]) -> Iterator[list[int]]:
    """Positions of the stretches of each voice and recogniser, in order of time."""
    voices: dict[tuple[UUID, int, str], list[int]] = {}
    for place, each in enumerate(found):
        voices.setdefault((each.recording, each.span.channel, each.release), []).append(place)
    for places in voices.values():
        yield sorted(places, key=lambda place: found[place].span.start_ms)
