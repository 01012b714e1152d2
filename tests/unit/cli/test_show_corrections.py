"""The terminal shows names, corrected words, and conflicts with both values."""

from rich.console import Console

from cli.terminal.show import rendered
from tests.unit.corrections.book import SAID, Book, mono


def shown(book: Book) -> str:
    console = Console(width=120, no_color=True)
    with console.capture() as capture:
        console.print(rendered(book.report))
    return capture.get()


def test_names_and_conflicts() -> None:
    book = Book(mono())
    assert "Corrected" not in shown(book)
    book.correct(kind="rename", speaker="s1", name="Bob [red]\u202eB")
    book.correct(kind="text", turn=book.turn("t1"), text="hello [bold]Ann")
    book.correct(kind="text", turn=book.turn("t3"), text="fine, thank you")
    text = shown(book)
    assert "s1 Bob [red]\\u202eB" in text
    assert "hello [bold]Ann" in text
    assert "Corrected by people: 2 turns, 1 speaker" in text
    book.answer = mono((SAID[0], ("s1", "yellow bear", 4_000, 6_000), SAID[2]))
    text = " ".join(shown(book).split())
    assert (
        'conflict: 0:04 text: corrected to "hello [bold]Ann", now answered "yellow bear";'
        " corrected is shown" in text
    )
    assert (
        'conflict: 0:10 text: corrected to "fine, thank you", now answered nothing at this place;'
        " answered is shown" in text
    )
