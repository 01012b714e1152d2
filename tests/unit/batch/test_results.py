"""Statuses and rows of a batch."""

from pathlib import Path

from cli.batch.results import Results
from producer.batch import Refused


def test_each_copy_of_a_refused_call_has_a_status_and_the_call_one_row() -> None:
    folder = Path("input")
    first, copy = folder / "large.wav", folder / "more" / "copy.wav"
    results = Results([first, copy], folder)
    for path, same_as in ((first, None), (copy, first)):
        results.refuse(Refused(path=path, code="too_large", detail="is large", same_as=same_as))
    assert [(each.file, each.status, each.same_content_as) for each in results.statuses()] == [
        ("large.wav", "failed", None),
        ("more/copy.wav", "failed", "large.wav"),
    ]
    header, *rows = results.table()
    assert header.startswith("file_name,")
    assert len(rows) == 1
    assert '"too_large: is large"' in rows[0]
