"""Assigns clips to recognisers, and recognises all stretches of the clips at once."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from uuid import UUID

from earshot.analysis.spans import fuse, overlap_ms
from earshot.analysis.types import Utterance
from earshot.analysis.words.foreign import FOREIGN, other_language
from earshot.analysis.words.languages import UNDETERMINED
from earshot.analysis.words.stretches import stretches, together
from earshot.audio.clip import Clip
from earshot.audio.features.level import evened
from earshot.compute.sound import Samples
from earshot.models.asr.recogniser import Recognition
from workers.asr.routes import Recognisers

ENOUGH_MS = 10_000
"""Speech of one voice in a chunk from which its language is detected by itself; less of it takes
the language of the recording."""


def primary(language: str) -> str:
    """The primary subtag of a BCP 47 language; recognisers ignore regions and scripts."""
    return language.partition("-")[0].lower()


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
    judged: bool = False
    """``foreign`` is a judgement of the recogniser, over its voice."""

    @property
    def length_ms(self) -> int:
        return self.span.end_ms - self.span.start_ms


def listen(model: Recognisers, clips: Sequence[Clip]) -> list[Stretch]:
    """Recognises all stretches, in order of clips. What is asked in no language is recognised again
    where most of its voice is in another language than was detected for it, or that language has
    another recogniser. What is foreign to its recogniser is recognised again by that of ``und``, if
    there is one."""
    asked = {index: primary(clip.ref.language) for index, clip in enumerate(clips)}
    found = _recognise(model, clips, _spans(model, clips, asked))
    open_ones = [each for each in found if asked[each.clip] == UNDETERMINED]
    found = _again(model, clips, found, _settled(open_ones))
    return _abroad(model, clips, _judged(found))


def most(stretches: Sequence[Stretch], value: Callable[[Stretch], str], default: str) -> str:
    """The value of most of the sound."""
    lengths: Counter[str] = Counter()
    for each in stretches:
        lengths[value(each)] += each.length_ms
    return max(lengths, key=lambda key: (lengths[key], key), default=default)


def _settled(found: Sequence[Stretch]) -> dict[int, str]:
    """Language of each stretch (by ``id``): of its voice in its chunk, if that spoke enough, else
    of its voice in all of the recording that is here."""
    settled = {}
    for each in found:
        voice = [
            other
            for other in found
            if (other.recording, other.span.channel) == (each.recording, each.span.channel)
        ]
        near = [other for other in voice if other.clip == each.clip]
        enough = sum(other.length_ms for other in near) >= ENOUGH_MS
        settled[id(each)] = most(near if enough else voice, _language, UNDETERMINED)
    return settled


def _language(stretch: Stretch) -> str:
    return stretch.recognition.language


def _again(
    model: Recognisers, clips: Sequence[Clip], found: Sequence[Stretch], settled: dict[int, str]
) -> list[Stretch]:
    """The stretches, those recognised anew whose settled language is not that of their text, or
    leads to another recogniser."""
    anew = []
    for place, each in enumerate(found):
        language = settled.get(id(each), UNDETERMINED)
        if language == UNDETERMINED:
            continue
        name, recogniser = model.of(language)
        if recogniser.speaks(language) and (name, language) != (each.release, _language(each)):
            anew.append((place, language))
    second = _recognise(
        model, clips, [(found[place].clip, found[place].span, language) for place, language in anew]
    )
    replaced = dict(zip((place for place, _ in anew), second, strict=True))
    return [replaced.get(place, each) for place, each in enumerate(found)]


def _judged(found: Sequence[Stretch]) -> list[Stretch]:
    """The stretches with the probability that each is foreign to its recogniser, voice by voice."""
    voices: dict[tuple[UUID, int, str], list[int]] = {}
    for place, each in enumerate(found):
        voices.setdefault((each.recording, each.span.channel, each.release), []).append(place)
    judged = list(found)
    for places in voices.values():
        if all(found[place].recognition.foreign is None for place in places):
            continue
        places.sort(key=lambda place: found[place].span.start_ms)
        shares = other_language([found[place].recognition.foreign for place in places])
        for place, share in zip(places, shares, strict=True):
            judged[place] = replace(found[place], foreign=share, judged=True)
    return judged


def _abroad(model: Recognisers, clips: Sequence[Clip], found: Sequence[Stretch]) -> list[Stretch]:
    """The stretches, foreign ones as the recogniser of ``und`` writes them, if that is another one,
    joined over pauses as far as it takes them. Where most of their sound is detected as the
    language of their own recogniser, they stay."""
    name, recogniser = model.of(UNDETERMINED)
    after: list[Stretch] = []
    for key, group in groupby(found, key=_place):
        run = list(group)
        if not key[-1] or run[0].release == name or not recogniser.speaks(UNDETERMINED):
            after += run
            continue
        spans = together((each.span for each in run), recogniser.longest_ms)
        anew = _recognise(model, clips, [(run[0].clip, span, UNDETERMINED) for span in spans])
        if most(anew, _language, UNDETERMINED) == _language(run[0]):
            after += [replace(each, foreign=0.0, judged=False) for each in run]
        else:
            after += _again(model, clips, anew, _settled(anew))
    return after


def _place(stretch: Stretch) -> tuple[int, int, bool]:
    return stretch.clip, stretch.span.channel, stretch.foreign > FOREIGN


def _spans(
    model: Recognisers, clips: Sequence[Clip], asked: dict[int, str]
) -> list[tuple[int, Utterance, str]]:
    """Clip, span and language of every stretch."""
    found = []
    for index, clip in enumerate(clips):
        _, recogniser = model.of(asked[index])
        spans = stretches(clip.ref, recogniser.join_gap_ms, recogniser.longest_ms)
        found += [(index, span, asked[index]) for span in spans]
    return found


def _recognise(
    model: Recognisers, clips: Sequence[Clip], wanted: Sequence[tuple[int, Utterance, str]]
) -> list[Stretch]:
    """Recognises stretches (clip, span, language), in one call for each recogniser. Empty ones are
    left out."""
    read = [(index, span, language, _read(clips[index], span)) for index, span, language in wanted]
    read = [each for each in read if len(each[3])]
    named = [model.of(language) for _, _, language, _ in read]
    found: dict[int, Stretch] = {}
    for name, recogniser in dict(named).items():
        rows = [row for row, (other, _) in enumerate(named) if other == name]
        answers = recogniser.transcribe(
            [read[row][3] for row in rows], [read[row][2] for row in rows], model.hotwords
        )
        for row, answer in zip(rows, answers, strict=True):
            index, span, *_ = read[row]
            found[row] = Stretch(index, clips[index].ref.recording_id, span, name, answer)
    return [found[row] for row in range(len(read))]


def _read(clip: Clip, span: Utterance) -> Samples:
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
