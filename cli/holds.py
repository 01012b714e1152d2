"""``earshot hold``, ``unhold`` and ``holds``: what must not be deleted."""

from collections.abc import Sequence
from getpass import getuser
from uuid import UUID

from cli.terminal.console import show, show_json
from earshot.analysis.errors import Misconfigured
from earshot.analysis.printable import on_one_line
from earshot.pipeline.keeping import holding
from earshot.storage import holds
from earshot.storage.postgres import lookup
from earshot.storage.postgres.db import Connection, connect


def hold(prefixes: Sequence[str], source: str | None, reason: str, who: str | None) -> None:
    """Places holds on recordings, or on a source.

    Raises:
        Misconfigured: both are named, or neither; no reason; that is no source.
        Permanent: no recording, or several, begin with one of the ids.
    """
    with connect() as connection:
        for what in _named(connection, prefixes, source):
            new = holding.place(connection, what, reason, who or getuser())
            show(f"{what} is on hold{'' if new else ' already'}")


def release(prefixes: Sequence[str], source: str | None, who: str | None) -> int:
    """Releases holds. Returns 1 if there is none on one of them.

    Raises: as ``hold``.
    """
    missing = 0
    with connect() as connection:
        for what in _named(connection, prefixes, source):
            there = holding.release(connection, what, who or getuser())
            missing += not there
            show(f"{what} is {'on hold no longer' if there else 'not on hold'}")
    return 1 if missing else 0


def show_holds(*, released: bool, as_json: bool) -> None:
    """Prints the holds in force; with ``released`` also earlier ones."""
    with connect() as connection:
        found = holds.holds(connection, released=released)
    for each in found:
        if as_json:
            show_json(each.model_dump(mode="json"))
            continue
        end = each.released_at and f", released {each.released_at:%Y-%m-%d} by {each.released_by}"
        place = f"{each.placed_at:%Y-%m-%d} by {each.placed_by}{end or ''}"
        show(on_one_line(f"{each.recording_id or each.source}  {place}  {each.reason}"))


def _named(
    connection: Connection, prefixes: Sequence[str], source: str | None
) -> Sequence[UUID | str]:
    if bool(prefixes) == (source is not None):
        raise Misconfigured("hold", "name either recordings, or --source")
    return [lookup.find(connection, each) for each in prefixes] or [str(source)]
