"""Assigns clips to recognisers, and recognises all stretches of the clips at once."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from earshot.analysis.types import Utterance
from earshot.analysis.words.foreign import FOREIGN
from earshot.analysis.words.languages import UNDETERMINED
from earshot.analysis.words.stretches import stretches, together
from earshot.audio.clip import Clip
from workers.asr.foreign_voices import judged
from workers.asr.routes import Recognisers
from workers.asr.stretch import Stretch, most, read

ENOUGH_MS = 10_000
"""Speech of one voice in a chunk from which its language is detected by itself; less of it takes
the language of the recording."""


def primary(language: str) -> str:
    """The primary subtag of a BCP 47 language; recognisers ignore regions and scripts."""
    return language.partition("-")[0].lower()


def listen(model: Recognisers, clips: Sequence[Clip]) -> list[Stretch]:
    """Recognises all stretches, in order of clips. What is asked in no language is recognised again
    where most of its voice is in another language than was detected for it, or that language has
    another recogniser. What is foreign to its recogniser is recognised again by that of ``und``, if
    there is one."""
    asked = {index: primary(clip.ref.language) for index, clip in enumerate(clips)}
    found = _recognise(model, clips, _spans(model, clips, asked))
    open_ones = [each for each in found if asked[each.clip] == UNDETERMINED]
    found = _again(model, clips, found, _settled(open_ones))
    return _abroad(model, clips, judged(model, clips, found))


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
            after += [replace(each, foreign=0.0, abroad=True) for each in run]
        else:
            settled = _again(model, clips, anew, _settled(anew))
            after += [replace(each, abroad=True) for each in settled]
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
    sounds = [(index, span, language, read(clips[index], span)) for index, span, language in wanted]
    sounds = [each for each in sounds if len(each[3])]
    named = [model.of(language) for _, _, language, _ in sounds]
    found: dict[int, Stretch] = {}
    for name, recogniser in dict(named).items():
        rows = [row for row, (other, _) in enumerate(named) if other == name]
        answers = recogniser.transcribe(
            [sounds[row][3] for row in rows], [sounds[row][2] for row in rows], model.hotwords
        )
        for row, answer in zip(rows, answers, strict=True):
            index, span, *_ = sounds[row]
            found[row] = Stretch(index, clips[index].ref.recording_id, span, name, answer)
    return [found[row] for row in range(len(sounds))]
