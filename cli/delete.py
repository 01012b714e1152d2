"""``earshot delete``: deletes recordings with all their data; prints receipts, also of earlier
deletions."""

import sys
import time
from collections.abc import Sequence
from uuid import UUID

from cli.chosen import Filter, check, chosen
from cli.terminal.console import say, show, show_json
from earshot.analysis.deletion import Checked, DeletionReceipt, added
from earshot.analysis.errors import Misconfigured, Unavailable
from earshot.analysis.printable import plural
from earshot.pipeline import deletion as work
from earshot.storage.postgres import lookup, tombstones
from earshot.storage.postgres.db import Connection, connect


def delete(
    prefixes: Sequence[str], where: Filter, *, yes: bool, dry_run: bool, as_json: bool
) -> int:
    """Deletes, searches, and prints what was removed. Returns 1 if anything is left.

    Raises:
        Misconfigured: both ids and a filter are given, or neither; or there is no terminal to
            confirm on and ``yes`` is false.
        Permanent: no recording, or several, begin with one of the ids.
    """
    check(prefixes, where)
    with connect() as connection:
        gone = [found for prefix in prefixes if (found := _deleted(connection, prefix))]
        named = [prefix for prefix in prefixes if _deleted(connection, prefix) is None]
        ids = chosen(connection, named, where) if named or not gone else []
        if dry_run or not (ids or gone):
            show(
                f"{plural(len(ids), 'recording')} would be deleted"
                if ids
                else "no recording matches; nothing is deleted"
            )
            return 0
        if ids and not yes:
            _ask(ids)
        began = time.monotonic()
        try:
            left = work.delete(connection, ids, "asked") | work.erase(connection, gone)[1]
            checked = work.check(connection, [*gone, *ids])
            receipts = work.receipts(connection, [*gone, *ids])
        except Unavailable as error:
            raise Unavailable(
                error.code, f"{error}; upkeep, or the same command again, finishes what was begun"
            ) from error
    if as_json:
        for receipt in receipts:
            show_json(receipt.model_dump(mode="json"))
    else:
        before = f"; {len(gone)} of these before, and searched for again" if gone else ""
        show(
            f"{plural(len(receipts), 'recording')} deleted"
            f" in {time.monotonic() - began:.1f} s{before}"
        )
        _tell(receipts, checked)
    for recording_id, reason in left.items():
        say(f"{recording_id}: not all of it could be removed yet, upkeep tries again: {reason}")
    return 1 if left or checked.found else 0


def _deleted(connection: Connection, prefix: str) -> UUID | None:
    """The deleted recording of that id."""
    return None if lookup.is_there(connection, prefix) else tombstones.find(connection, prefix)


def _ask(ids: Sequence[UUID]) -> None:
    if not sys.stdin.isatty():
        raise Misconfigured(
            "delete",
            f"{plural(len(ids), 'recording')} would be deleted for good;"
            " use --yes, since there is no terminal to confirm on",
        )
    answer = input(f"Delete {plural(len(ids), 'recording')} with all their data, for good? [y/N] ")
    if answer.strip().lower() not in ("y", "yes"):
        raise Misconfigured("delete", "nothing was deleted")


def _tell(receipts: Sequence[DeletionReceipt], checked: Checked) -> None:
    for store, counts in added(each.removed for each in receipts).items():
        show(
            f"  {store}:"
            f" {', '.join(f'{n} {kind}' for kind, n in sorted(counts.items()) if n) or 'nothing'}"
        )
    rows, looked = sum(checked.searched["postgres"].values()), checked.searched
    searched = (
        f"{rows} rows, {looked['redis']['keys']} Redis keys, {looked['store']['paths']} paths"
    )
    places = ", ".join(sorted({f"{trace.store} {trace.place}" for trace in checked.found}))
    show(
        f"  searched: {searched};"
        f" {f'they are still named by {places}' if places else 'nothing names them any more'}"
    )
    show(f"  not searched: {'; '.join(checked.not_searched)}")
