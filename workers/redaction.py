"""Redaction: erases the sound of personal data in the store, and transcribes what is around it
again, until nothing is left. It runs when all other analyses are merged, so that they have worked
on the whole sound (docs/adr/0054-redaction.md)."""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import groupby

from earshot.analysis.findings import Redacted, Word
from earshot.analysis.outcome import Failed
from earshot.analysis.pii.kinds import KINDS
from earshot.analysis.pii.redaction import RedactionFindings, apart
from earshot.analysis.pii.removing import Cut, removed
from earshot.analysis.spans import fuse, overlap_ms
from earshot.analysis.types import Interval, Release, Utterance
from earshot.audio.clip import Clip
from earshot.audio.store.silence import silence
from earshot.compute import cache
from earshot.compute.sound import Samples
from earshot.models.asr.recogniser import Recognised, Recogniser, Recognition
from earshot.settings import settings
from workers import asr
from workers.asr.listening import primary
from workers.asr.routes import Recognisers
from workers.pauses import to_pauses

FINDINGS = RedactionFindings

PASSES, EXACT = 8, 3
"""Number of times that the sound around the stretches is transcribed again, and of those after
which what was found is erased alone. Later, the sound around it is erased as well: where numbers
stand close together, each border may cut one to what sounds like another. What the last time still
finds fails the recording."""
AROUND_MS = 3000
"""Sound before and after a stretch that is transcribed again."""
SHARED_MS = 4000
"""Sound that two pieces of it have in common, where it is longer than the recogniser takes."""
NEAR_MS = 1500
"""Pause up to which a number goes over the border of a stretch."""
GAP_MS = 1000
"""Sound between two stretches that is erased: it is of one number, with words in between that a
recogniser made of digits."""
NOT_SILENCED, NOT_ASKED = "not_silenced", "not_asked"


def load(release: Release, device: str) -> str:
    """The device: the recogniser is loaded for the first recording that names it."""
    return device


def analyze(model: str, clips: Sequence[Clip]) -> list[RedactionFindings | Failed]:
    """Erases the stretches that the transcript names.

    Raises:
        BadAudio: ``missing``, the stored sound or the transcript is gone.
        Misconfigured: the recogniser cannot be loaded.
        Unavailable: the store does not answer.
    """
    return [_redact(model, clip) for clip in clips]


class Listening:
    """A recogniser that writes the same sound once: most of it stays as it was from one time to the
    next."""

    def __init__(self, recogniser: Recogniser, language: str) -> None:
        self.recogniser, self.language = recogniser, language
        self._known: dict[bytes, Recognition] = {}

    def words(self, samples: Samples) -> Sequence[Recognised]:
        """What it writes of a sound at its rate."""
        key = hashlib.sha256(samples.tobytes()).digest()
        if key not in self._known:
            (self._known[key],) = self.recogniser.transcribe([samples], [self.language], ())
        return self._known[key].words


def _redact(device: str, clip: Clip) -> RedactionFindings | Failed:
    if not clip.ref.redact:
        return Failed(
            code=NOT_ASKED, detail="nothing was removed from its words: it is not to be redacted"
        )
    transcript = clip.transcript()
    stretches, language = transcript.redacted, transcript.language or clip.ref.language
    if not stretches or transcript.recogniser is None:
        return RedactionFindings(stretches=(), passes=0)
    stretches = apart(to_pauses(clip, stretches), GAP_MS)
    model: Recognisers = cache.get(asr.load, transcript.recogniser, device)
    spoken = primary(language)
    both = model.of(spoken)[1], model.second(spoken)
    listeners = [Listening(each, spoken) for each in both if each is not None]
    for number in range(1, PASSES + 1):
        _erase(clip, stretches)
        left = [more for each in listeners for more in _left(each, clip, stretches)]
        if not left:
            return RedactionFindings(stretches=stretches, passes=number)
        more = left if number <= EXACT else [_widened(each) for each in left]
        stretches = apart([*stretches, *to_pauses(clip, more)], GAP_MS)
    return Failed(
        code=NOT_SILENCED,
        detail=f"a number was recognised again {PASSES} times around what was made silent",
    )


def _erase(clip: Clip, stretches: Sequence[Redacted]) -> None:
    ref = clip.ref
    silence(settings().store_url, ref.recording_id, ref.channels, stretches)


def _widened(stretch: Redacted) -> Redacted:
    start, end = stretch.start_ms - AROUND_MS, stretch.end_ms + AROUND_MS
    return stretch.model_copy(update={"start_ms": max(0, start), "end_ms": end})


def _left(listener: Listening, clip: Clip, stretches: Sequence[Redacted]) -> list[Redacted]:
    """What is recognised of personal data around the stretches, on every channel: what another one
    picked up is left as well."""
    recogniser, language = listener.recogniser, listener.language
    if not recogniser.speaks(language):
        return []
    left: list[Redacted] = []
    for around in _windows(clip, stretches, recogniser.longest_ms):
        samples: Samples = clip.read(around.start_ms, around.end_ms, around.channel)[0]
        if not samples.any():
            continue
        words = [_word(word, around) for word in listener.words(samples)]
        own = [each for each in stretches if each.channel == around.channel]
        for part, cut in _between(words, own):
            languages, kinds = (language, clip.ref.language), clip.ref.redact or KINDS
            left += removed(part, languages, kinds, clip.ref, cut)[1]
    return left


def _windows(clip: Clip, stretches: Sequence[Redacted], longest_ms: int) -> Iterator[Utterance]:
    """What is transcribed again, channel by channel."""
    around = [
        Interval(
            start_ms=max(0, each.start_ms - AROUND_MS),
            end_ms=min(clip.ref.end_ms, each.end_ms + AROUND_MS),
        )
        for each in stretches
        if each.start_ms < clip.ref.end_ms
    ]
    for span in fuse(around):
        for piece in pieces(span, longest_ms):
            for channel in range(clip.ref.channels):
                yield Utterance(channel=channel, **piece.model_dump())


def pieces(span: Interval, longest_ms: int) -> Iterator[Interval]:
    """The span in pieces of that length at most, which overlap, so that a number over the border of
    two is in one of them, or most of it."""
    shared = min(SHARED_MS, longest_ms // 2)
    count = max(1, -(-(span.end_ms - span.start_ms - shared) // (longest_ms - shared)))
    step = -(-(span.end_ms - span.start_ms - shared) // count)
    for number in range(count):
        start = span.start_ms + number * step
        yield Interval(start_ms=start, end_ms=min(start + step + shared, span.end_ms))


def _word(word: Recognised, around: Utterance) -> Word:
    start = min(around.start_ms + word.start_ms, around.end_ms)
    return Word(
        text=word.text,
        confidence=min(1.0, max(0.0, word.confidence)),
        timing=word.timing,
        channel=around.channel,
        start_ms=start,
        end_ms=max(start, min(around.start_ms + word.end_ms, around.end_ms)),
    )


def _between(words: Sequence[Word], silent: Sequence[Redacted]) -> Iterator[tuple[list[Word], Cut]]:
    """The words between silent stretches, cut off where they touch one. Words within one are none
    of the sound, which is silent there."""
    heard = [word for word in words if not any(_is_inside(word, each) for each in silent)]
    for _, group in groupby(heard, key=lambda word: _before(word, silent)):
        part = list(group)
        start = any(0 <= part[0].start_ms - each.end_ms < NEAR_MS for each in silent)
        end = any(0 <= each.start_ms - part[-1].end_ms < NEAR_MS for each in silent)
        over = any(overlap_ms(word, each) for word in (part[0], part[-1]) for each in silent)
        yield part, Cut(start=start or over, end=end or over)


def _is_inside(word: Word, silent: Redacted) -> bool:
    timed = word.timing != "interpolated"
    return timed and silent.start_ms <= word.start_ms and word.end_ms <= silent.end_ms


def _before(word: Word, silent: Sequence[Redacted]) -> int:
    middle = (word.start_ms + word.end_ms) // 2
    return sum(each.start_ms <= middle for each in silent)
