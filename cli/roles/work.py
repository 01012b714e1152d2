"""Remembers, lists and forgets roles of sources."""

from getpass import getuser
from uuid import UUID

from cli.terminal.console import show, show_json
from earshot.analysis.printable import on_one_line
from earshot.pipeline.keeping.remembering import remember_of
from earshot.storage import remembered_roles
from earshot.storage.postgres import lookup
from earshot.storage.postgres.db import connect


def remember(prefix: str, source: str | None, who: str | None) -> None:
    """Remembers the roles of a recording for its source.

    Raises:
        Permanent: as ``remembering.remember_of``; no recording, or several, begin with the id.
    """
    with connect() as connection:
        found = lookup.find(connection, prefix)
        place, roles = remember_of(connection, found, source, who or getuser())
    show(on_one_line(f"{place}  {', '.join(roles)}"))


def show_remembered(*, forgotten: bool, as_json: bool) -> None:
    """Prints the roles in force; with ``forgotten`` also earlier ones."""
    with connect() as connection:
        found = remembered_roles.remembered(connection, forgotten=forgotten)
    for each in found:
        if as_json:
            show_json(each.model_dump(mode="json"))
            continue
        end = each.forgotten_at and f", until {each.forgotten_at:%Y-%m-%d} by {each.forgotten_by}"
        since = f"{each.remembered_at:%Y-%m-%d} by {each.remembered_by}{end or ''}"
        roles = f"{each.tenant}  {each.source}  {', '.join(each.roles)}"
        origin = each.recording_id or "a deleted recording"
        show(on_one_line(f"{each.id}  {roles}  {since}  from {origin}"))


def forget(id_: UUID, who: str | None) -> int:
    """Withdraws them. Returns 1 if they are not in force."""
    with connect() as connection:
        there = remembered_roles.forget(connection, id_, who or getuser())
    show(f"{id_} is {'forgotten' if there else 'not in force'}")
    return 0 if there else 1
