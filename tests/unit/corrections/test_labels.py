"""The labels that filters of lists find, with corrections."""

import pytest

from earshot.analysis.errors import Permanent
from earshot.analysis.report.labels import labels
from earshot.pipeline.labelling.given import labelling
from tests.unit.corrections.book import Book, stereo


def test_labels_are_those_that_are_shown_and_not_those_that_were_replaced() -> None:
    book = Book(stereo())
    before = labels(book.report)
    book.correct(kind="emotion", turn=book.turn("t0"), label="happy")
    made = book.correct(kind="emotion", turn=book.turn("t0"), label="sad")
    assert labels(book.report) == sorted({*before, "sad"})
    book.undo(made)
    assert labels(book.report) == sorted({*before, "happy"})
    assert book.report.corrections is not None


def test_words_of_a_text_are_no_labels() -> None:
    book = Book(stereo())
    before = labels(book.report)
    book.correct(kind="text", turn=book.turn("t0"), text="label")
    assert labels(book.report) == before


@pytest.mark.parametrize(
    ("label", "end_ms", "code", "detail"),
    [
        ("Rain", 2_000, "no_such_label", "Rain: String should match pattern"),
        ("rain_light", 500, "out_of_range", "noise: .*end_ms 500 before start_ms 1000"),
    ],
)
def test_a_label_that_is_no_word_and_a_stretch_that_ends_before_it_begins_are_refused(
    label: str, end_ms: int, code: str, detail: str
) -> None:
    with pytest.raises(Permanent, match=detail) as refused:
        labelling("noise", label, {"start_ms": 1_000, "end_ms": end_ms})
    assert refused.value.code == code
