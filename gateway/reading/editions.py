"""Editions of a report in HTTP: ``ETag`` and ``If-Match``."""

from collections.abc import Iterator
from contextlib import contextmanager

from earshot.analysis.errors import Permanent
from earshot.pipeline.correcting.opened import ChangedMeanwhile, Edition, Expected
from gateway.problems import Problem
from gateway.reading.corrected import info

STATUS = {"still_open": 409, "no_report": 409, "no_such_correction": 404}
"""Of errors of corrections; others are 422."""
WAIT_SEC = 2


def etag(round_: int, version: int) -> str:
    """The entity tag of a report in this round with this version of its corrections."""
    return f'"{round_}.{version}"'


def expected(if_match: str | None) -> Expected:
    """Whether an edition is one that ``If-Match`` names.

    Raises:
        Problem: 428, there is no such header.
    """
    if if_match is None:
        raise Problem(
            428,
            "precondition_required",
            "Send the `ETag` of the report or of its corrections as `If-Match`.",
        )
    tags = {tag.strip().removeprefix("W/") for tag in if_match.split(",")}
    return lambda edition: "*" in tags or etag(*edition) in tags


@contextmanager
def answered() -> Iterator[None]:
    """Errors of corrections as problems.

    Raises:
        Problem: 404, 409, 412, 422.
    """
    try:
        yield
    except ChangedMeanwhile as error:
        raise _changed(error) from error
    except Permanent as error:
        status = STATUS.get(error.code, 422)
        headers = {"Retry-After": str(WAIT_SEC)} if error.code == "still_open" else None
        raise Problem(status, error.code, str(error), headers) from error


def _changed(error: ChangedMeanwhile) -> Problem:
    edition: Edition = error.edition
    last = info(error.layered.draft, error.last) if error.last else None
    current = {
        "value": error.current.model_dump(mode="json") if error.current else None,
        "correction": last.model_dump(mode="json") if last else None,
    }
    return Problem(
        412,
        "changed_meanwhile",
        "The report has changed since; compare with `current`, and send the new `ETag`.",
        {"ETag": etag(*edition)},
        version=edition.version,
        round=edition.round,
        current=current,
    )
