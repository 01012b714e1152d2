"""Runs many rows through a network in as few passes as memory allows, halving passes that do not
fit."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from earshot.compute.device import free_memory, out_of_memory

Row = TypeVar("Row")
Result = TypeVar("Result")


def in_halves(
    rows: Sequence[Row], at_once: int, run: Callable[[Sequence[Row]], Sequence[Result]]
) -> Iterator[Result]:
    """Yields one result per row, in order. Once a pass did not fit, no later one is larger than its
    half.

    Args:
        at_once: rows in the first pass.
        run: one pass: as many results as rows, none of which depends on the others.

    Raises:
        Errors of ``run`` other than out of memory, and out of memory for a single row.
    """
    at = 0
    while at < len(rows):
        part = rows[at : at + at_once]
        found: Sequence[Result] | None = None
        try:
            found = run(part)
        except Exception as error:
            if len(part) == 1 or not out_of_memory(error):
                raise
        if (
            found is None
        ):  # after the except block: until then the error's frames hold the arrays that did not fit
            free_memory()
            at_once = len(part) // 2
            continue
        yield from found
        at += len(part)
