"""What was said in a turn, as exports need it: words with a text, in times of their own."""

from collections.abc import Iterator

from earshot.analysis.corrections.wording import timed
from earshot.analysis.report.sections import SpokenWord, Turn
from earshot.exports.names import one_line


def spoken_words(turn: Turn) -> tuple[SpokenWord, ...]:
    """The words of a turn that have a text. Where the turn has a text alone, its words are spread
    over the time of the turn."""
    words = tuple(word for word in turn.words if one_line(word.text))
    return words or timed(one_line(turn.text), (), turn)


def pieces(word: SpokenWord, longest: int) -> Iterator[SpokenWord]:
    """The word, cut into parts of at most ``longest`` characters, each with its share of the
    time."""
    text = one_line(word.text)
    lasts = word.end_ms - word.start_ms
    for first in range(0, len(text), longest):
        end = min(first + longest, len(text))
        yield word.model_copy(
            update={
                "text": text[first:end],
                "start_ms": word.start_ms + lasts * first // len(text),
                "end_ms": word.start_ms + lasts * end // len(text),
            }
        )
