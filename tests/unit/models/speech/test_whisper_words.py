"""Words of faster-whisper's alignments."""

from typing import Any

import pytest

from earshot.models.whisper.faster_whisper import words_of


def aligned(*pieces: str) -> list[dict[str, Any]]:
    return [
        {"word": word, "tokens": [i] * (1 + i), "start": i, "end": i + 1, "probability": i / 10}
        for i, word in enumerate(pieces)
    ]


@pytest.mark.parametrize(
    ("pieces", "words"),
    [
        ([" C", "'est", " peut", "-être", "."], ["C'est", "peut-être."]),
        ([" It", " costs", " $37", ".50", "."], ["It", "costs", "$37.50."]),
        ([" (", "yes", ")", " no"], ["(yes)", "no"]),
        (["Oui", ",", " non"], ["Oui,", "non"]),
    ],
)
def test_what_no_space_divides_is_one_word(pieces: list[str], words: list[str]) -> None:
    assert [word.text for word in words_of(aligned(*pieces), 99_000, spaced=True)] == words


def test_a_word_of_pieces_has_their_times_and_mean_confidence() -> None:
    [word] = words_of(aligned(" C", "'est"), 1500, spaced=True)
    assert (word.start_ms, word.end_ms) == (0, 1500)
    assert word.confidence == pytest.approx(0.1 * 2 / 3)  # by tokens


def test_languages_without_spaces_keep_their_pieces() -> None:
    assert [word.text for word in words_of(aligned("你", "好"), 9000, spaced=False)] == ["你", "好"]
