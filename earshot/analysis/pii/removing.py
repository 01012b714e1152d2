"""Removes personal data from the words of a chunk, and says which stretches of its sound held
it."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from earshot.analysis.findings import AsrFindings, Redacted, SuppressedText, Word
from earshot.analysis.pii.detect import find, is_wanted, redacted
from earshot.analysis.pii.elements import is_digits
from earshot.analysis.pii.kinds import Kind
from earshot.analysis.pii.lexicon import lexicon, plain
from earshot.analysis.spans import overlap_ms
from earshot.analysis.types import PAD_MS, ChunkRef, Interval, Utterance
from earshot.analysis.words.spelling import joined

GUARD_MS = 20
"""Sound that is removed before the first and after the last word: their times are those of a
recogniser, in steps of 10 to 20 ms."""
PAUSE_MS = 1500
"""Longest pause within one number, for words that only their place makes a part of it."""
REACH = 3
"""Words from a number to digits that are its rest: a recogniser writes "year one three" for "zero
one three"."""
_NUMERAL = re.compile(r"\d")


class Cut(NamedTuple):
    """Where the words of a chunk are cut off."""

    start: bool
    end: bool


class _Found(NamedTuple):
    kind: Kind
    places: tuple[int, ...]
    """Indexes of words."""


def without_personal_data(found: AsrFindings, ref: ChunkRef, cut: Cut) -> AsrFindings:
    """The findings without the personal data of the kinds that ``ref`` asks for, also in texts that
    were suppressed. ``redacted`` has its stretches, all of an utterance where its words have no
    times of their own."""
    kinds, languages = ref.redact or (), (found.language, ref.language)
    words, stretches = removed(found.words, languages, kinds, ref, cut)
    texts = []
    for each in found.suppressed_text:
        kept, inside = removed(each.words, languages, kinds, ref, Cut(start=True, end=True))
        text = redacted(each.text, languages, kinds)
        if text != each.text and not inside:
            inside = [_stretch("number", each)]
        shown = joined(word.text for word in kept) if each.words else text
        texts.append(each.model_copy(update={"text": shown, "words": tuple(kept)}))
        stretches += inside
    ordered = sorted(stretches, key=lambda each: (each.channel, each.start_ms))
    return found.model_copy(
        update={
            "words": tuple(words),
            "suppressed_text": tuple[SuppressedText, ...](texts),
            "redacted": tuple(ordered),
        }
    )


def without_more(found: AsrFindings, words: Sequence[Word], ref: ChunkRef, cut: Cut) -> AsrFindings:
    """The findings also without what is personal data in the words of another recogniser: those of
    their own that are spoken at the same time are removed."""
    _, more = removed(words, (found.language, ref.language), ref.redact or (), ref, cut)
    stretches = sorted([*found.redacted, *more], key=lambda each: (each.channel, each.start_ms))
    return masked(found, more).model_copy(update={"redacted": tuple(stretches)})


def removed(
    words: Sequence[Word], languages: Sequence[str], kinds: Sequence[str], ref: ChunkRef, cut: Cut
) -> tuple[list[Word], list[Redacted]]:
    """The words with a placeholder for each run of removed ones, and the stretches of those.

    Args:
        words: in order of channel and time.
        ref: has the speech that the words are of.
    """
    kind_of: dict[int, Kind] = {}
    for each in _found(words, languages, cut):
        if is_wanted(each.kind, kinds):
            for place in _grown(words, each, languages):
                kind_of.setdefault(place, each.kind)
    kept: list[Word] = []
    stretches: list[Redacted] = []
    run: list[int] = []
    for place, word in enumerate([*words, None]):
        if run and (word is None or place not in kind_of or words[run[0]].channel != word.channel):
            stretch = _of_words(words, run, kind_of[run[0]], ref)
            stretches.append(stretch)
            kept.append(_placeholder([words[at] for at in run], stretch.kind))
            run = []
        if word is not None and place in kind_of:
            run.append(place)
        elif word is not None:
            kept.append(word)
    return kept, stretches


def _found(words: Sequence[Word], languages: Sequence[str], cut: Cut) -> Iterable[_Found]:
    """Personal data in the words of each channel, and of all channels in order of time: a question
    on one announces a number on the other."""
    channels = sorted({word.channel for word in words})
    edges = {"open_start": cut.start, "open_end": cut.end}
    for channel in channels:
        places = [at for at, word in enumerate(words) if word.channel == channel]
        for span in find([words[at].text for at in places], languages, **edges):
            yield _Found(span.kind, tuple(places[span.start : span.end]))
    if len(channels) < 2:
        return
    order = sorted(range(len(words)), key=lambda at: (words[at].start_ms, words[at].channel))
    for span in find([words[at].text for at in order], languages, **edges):
        inside = order[span.start : span.end]
        of = [words[at].channel for at in inside]
        speaker = max(channels, key=of.count)
        yield _Found(span.kind, tuple(at for at in inside if words[at].channel == speaker))


def _grown(words: Sequence[Word], found: _Found, languages: Sequence[str]) -> Iterable[int]:
    """The words of a number with what a recogniser may have made of its first and last digits:
    words that sound like a digit, and digits a few words away, also those that look like an
    amount ("46.57 to 55.41")."""
    if found.kind == "email":
        return found.places
    known = lexicon(languages)
    places = set(found.places)
    for step, edge in ((-1, min(found.places)), (1, max(found.places))):
        last, near = edge, edge + step
        while abs(near - last) <= REACH and _continues(words, near - step, near):
            text = plain(words[near].text).strip(".,;:!?'\"")
            sounds = text in known.homophones and abs(near - last) == 1
            if sounds or _NUMERAL.search(text) or is_digits(text, known):
                places |= set(range(min(last, near), max(last, near) + 1))
                last = near
            near += step
    return places


def _continues(words: Sequence[Word], at: int, other: int) -> bool:
    """True if the other word is on the same channel, after or before no long pause."""
    if not 0 <= other < len(words) or words[at].channel != words[other].channel:
        return False
    first, second = words[min(at, other)], words[max(at, other)]
    return second.start_ms - first.end_ms < PAUSE_MS


def _of_words(words: Sequence[Word], run: Sequence[int], kind: str, ref: ChunkRef) -> Redacted:
    """The stretch of a run of words. Where the first or the last one has no time of its own, it
    begins, or ends, with the word next to it that has one, or with the utterance."""
    first, last = words[run[0]], words[run[-1]]
    own = [word for word in words if word.channel == first.channel]
    around = _utterance(first, last, ref)
    start, end = first.start_ms, last.end_ms
    if not _is_timed(first):
        before = [word.end_ms for word in own if _is_timed(word) and word.end_ms <= start]
        start = min(start, max([around.start_ms, *before]))
    if not _is_timed(last):
        after = [word.start_ms for word in own if _is_timed(word) and word.start_ms >= end]
        end = max(end, min([around.end_ms, *after]))
    return _stretch(kind, Utterance(channel=first.channel, start_ms=start, end_ms=end))


def _utterance(first: Word, last: Word, ref: ChunkRef) -> Interval:
    """From the begin to the end of the sound of the VAD's speech around two words, else their own
    times."""
    whole = Interval(start_ms=first.start_ms, end_ms=max(first.start_ms, last.end_ms))
    inside = [
        each
        for each in ref.speech
        if each.channel == first.channel
        and (overlap_ms(each, whole) or each.start_ms <= first.start_ms <= each.end_ms)
    ]
    return Interval(
        start_ms=min([whole.start_ms, *(each.start_ms + PAD_MS for each in inside)]),
        end_ms=max([whole.end_ms, *(each.end_ms - PAD_MS for each in inside)]),
    )


def _is_timed(word: Word) -> bool:
    return word.timing != "interpolated" and word.end_ms > word.start_ms


def _stretch(kind: str, span: Utterance) -> Redacted:
    start, end = max(0, span.start_ms - GUARD_MS), span.end_ms + GUARD_MS
    return Redacted(kind=kind, channel=span.channel, start_ms=start, end_ms=end)


def _placeholder(words: Sequence[Word], kind: str) -> Word:
    first, last = words[0], words[-1]
    return first.model_copy(
        update={
            "text": f"[{kind}]",
            "end_ms": max(first.start_ms, last.end_ms),
            "confidence": min(word.confidence for word in words),
        }
    )


def masked(found: AsrFindings, stretches: Sequence[Redacted]) -> AsrFindings:
    """The findings without the words of these stretches, which were found in the sound later; a
    suppressed text whose words are not known goes as a whole."""
    texts = []
    for each in found.suppressed_text:
        if not any(own.channel == each.channel and overlap_ms(own, each) for own in stretches):
            texts.append(each)
        elif each.words:
            words = _masked(each.words, stretches)
            shown = joined(word.text for word in words)
            texts.append(each.model_copy(update={"text": shown, "words": tuple(words)}))
    words = _masked(found.words, stretches)
    return found.model_copy(update={"words": tuple(words), "suppressed_text": tuple(texts)})


def _masked(words: Sequence[Word], stretches: Sequence[Redacted]) -> list[Word]:
    kept: list[Word] = []
    for word in words:
        inside = next((each for each in stretches if _holds(each, word)), None)
        if inside is None or word.text.startswith("["):
            kept.append(word)
            continue
        last = kept[-1] if kept else None
        if last and last.text.startswith("[") and last.channel == word.channel:
            kept[-1] = last.model_copy(update={"end_ms": max(last.end_ms, word.end_ms)})
        else:
            kept.append(_placeholder([word], inside.kind))
    return kept


def _holds(stretch: Redacted, word: Word) -> bool:
    middle = (word.start_ms + word.end_ms) // 2
    return stretch.channel == word.channel and stretch.start_ms <= middle <= stretch.end_ms
