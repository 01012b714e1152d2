"""What of a text is final, and where a window without a pause is divided."""

import numpy as np

from earshot.live.agreement import Agreement, Spoken, shown
from earshot.live.dividing import divide
from earshot.live.listening import Heard, Look


def said(text: str, confidence: float = 0.9) -> list[Spoken]:
    return [Spoken(word, (index,), confidence) for index, word in enumerate(text.split())]


def committed(*texts: str) -> str:
    agreement = Agreement()
    for text in texts:
        agreement.take(said(text))
    return " ".join(word.text for word in agreement.committed)


def test_words_that_two_hypotheses_share_are_committed_but_for_the_last() -> None:
    assert committed("how can") == ""
    assert committed("how can I", "how can I hel") == "how can"
    assert committed("how can I", "how can I help", "how can I help you today") == "how can I"
    assert committed("how can I help", "now can I help", "now can I help you") == "now can I"


def test_a_doubtful_word_keeps_those_behind_it_open() -> None:
    agreement = Agreement()
    words = [*said("please hold"), *said("the", 0.5), *said("line and wait")]
    agreement.take(words)
    agreement.take(words)
    assert [word.text for word in agreement.committed] == ["please", "hold"]
    assert [word.text for word in shown(words, 2)] == ["please", "hold"]
    assert [word.text for word in shown(said("please hold", 0.7), 0)] == ["please"]
    assert [word.text for word in shown(said("please", 0.4), 0)] == ["please"]
    assert [word.text for word in shown(words, 4)] == [
        "please",
        "hold",
        "the",
        "line",
        "and",
        "wait",
    ]


def window(seconds: float) -> Look:
    return Look("cut", 32_000, np.zeros(round(seconds * 16_000), np.float32), ())


def test_a_long_window_is_divided_at_its_longest_gap() -> None:
    words = tuple(said("one two three four"))
    spans = [(500, 2000), (2050, 4500), (4900, 6000), (6010, 7900)]
    heard = Heard(words, tuple((span, "aligned") for span in spans))
    part = divide(window(8), heard, 0)
    assert part.heard is not None
    assert [word.text for word in part.heard.words] == ["one", "two"]
    assert len(part.look.samples) == 4700 * 16
    behind = divide(window(8), heard, 3)
    assert behind.heard is not None
    assert [word.text for word in behind.heard.words] == ["one", "two", "three"]


def test_a_long_window_without_words_is_dropped_whole() -> None:
    part = divide(window(8), Heard(()), 0)
    assert part.heard is None
    assert len(part.look.samples) == 8 * 16_000
