"""The labels that filters of lists find, with corrections."""

from earshot.analysis.report.labels import labels
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
