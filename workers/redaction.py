"""Redaction: erases the sound of personal data in the store, and transcribes what is around it
again, until nothing is left. It runs when all other analyses are merged, so that they have worked
on the whole sound (docs/adr/0054-redaction.md)."""

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

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
from earshot.models.asr.recogniser import Recognised, Recogniser
from earshot.settings import settings
from workers import asr
from workers.asr.listening import primary
from workers.asr.routes import Recognisers

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
FRAME_MS, PAUSE_MS, REACH_MS, INSIDE_MS = 20, 120, 1200, 160
"""Frames whose level is measured, shortest pause, sound that is erased at most up to one, and sound
inside of a border in which a pause may begin that the border is already at."""
QUIET = 0.05
"""Share of the level of loud sound below which a frame is a pause, unless the floor is louder."""
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


def _redact(device: str, clip: Clip) -> RedactionFindings | Failed:
    if not clip.ref.redact:
        return Failed(
            code=NOT_ASKED, detail="nothing was removed from its words: it is not to be redacted"
        )
    transcript = clip.transcript()
    stretches, language = transcript.redacted, transcript.language or clip.ref.language
    if not stretches or transcript.recogniser is None:
        return RedactionFindings(stretches=(), passes=0)
    stretches = _to_pauses(clip, stretches)
    recognisers: Recognisers = cache.get(asr.load, transcript.recogniser, device)
    _, recogniser = recognisers.of(primary(language))
    for number in range(1, PASSES + 1):
        _erase(clip, stretches)
        left = _left(recogniser, clip, stretches, primary(language))
        if not left:
            return RedactionFindings(stretches=stretches, passes=number)
        more = left if number <= EXACT else [_widened(each) for each in left]
        stretches = apart([*stretches, *_to_pauses(clip, more)])
    return Failed(
        code=NOT_SILENCED,
        detail=f"a number was recognised again {PASSES} times around what was made silent",
    )


def _erase(clip: Clip, stretches: Sequence[Redacted]) -> None:
    ref = clip.ref
    silence(settings().store_url, ref.recording_id, ref.channels, stretches)


def _to_pauses(clip: Clip, stretches: Sequence[Redacted]) -> tuple[Redacted, ...]:
    """The stretches up to the pauses around them: a recogniser writes a number as one word, and the
    words beside it get times of its sound."""
    return apart([_to_pause(clip, each) for each in stretches])


def _to_pause(clip: Clip, stretch: Redacted) -> Redacted:
    start = max(0, stretch.start_ms - REACH_MS)
    end = min(clip.ref.end_ms, stretch.end_ms + REACH_MS)
    samples: Samples = clip.read(start, end, stretch.channel)[0]
    rate = clip.ref.sample_rate
    size = rate * FRAME_MS // 1000
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    levels = np.sqrt(np.square(frames, dtype=np.float64).mean(axis=1))
    if not levels.size:
        return stretch
    quiet = max(QUIET * np.quantile(levels, 0.9), 2 * np.quantile(levels, 0.05))
    first, last = ((ms - start) // FRAME_MS for ms in (stretch.start_ms, stretch.end_ms))
    back = _until_pause(levels[:first][::-1], levels[first:], quiet)
    on = _until_pause(levels[last:], levels[:last][::-1], quiet)
    return stretch.model_copy(
        update={
            "start_ms": min(start + FRAME_MS * (first - back), stretch.start_ms),
            "end_ms": max(start + FRAME_MS * (last + on), stretch.end_ms),
        }
    )


def _until_pause(outside: NDArray[np.float64], inside: NDArray[np.float64], quiet: float) -> int:
    """Number of frames from a border to the first pause outside; all, if there is none, and none if
    the border is at a pause. Zeros are what an earlier attempt has erased, up to its end.

    Args:
        outside: levels from the border on, away from the stretch; ``inside`` into it.
    """
    erased = int((outside > 0).argmax()) if outside.any() else len(outside)
    length = PAUSE_MS // FRAME_MS
    near = inside[: INSIDE_MS // FRAME_MS + length]
    if erased or next(_pauses(near, length, quiet), None) is not None:
        return erased
    return next(_pauses(outside, length, quiet), len(outside))


def _pauses(levels: NDArray[np.float64], length: int, quiet: float) -> Iterator[int]:
    return (at for at in range(len(levels) - length + 1) if levels[at : at + length].max() < quiet)


def _widened(stretch: Redacted) -> Redacted:
    start, end = stretch.start_ms - AROUND_MS, stretch.end_ms + AROUND_MS
    return stretch.model_copy(update={"start_ms": max(0, start), "end_ms": end})


def _left(
    recogniser: Recogniser, clip: Clip, stretches: Sequence[Redacted], language: str
) -> list[Redacted]:
    """What is recognised of personal data around the stretches, on every channel: what another one
    picked up is left as well."""
    if not recogniser.speaks(language):
        return []
    left: list[Redacted] = []
    for around in _windows(clip, stretches, recogniser.longest_ms):
        samples: Samples = clip.read(around.start_ms, around.end_ms, around.channel)[0]
        if not samples.any():
            continue
        (found,) = recogniser.transcribe([samples], [language], ())
        words = [_word(word, around) for word in found.words]
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
