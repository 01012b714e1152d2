"""``earshot dead``: lists abandoned analyses, and replays or discards them."""

from collections.abc import Sequence
from datetime import UTC
from functools import partial

from rich.table import Table
from rich.text import Text

from cli.again import ask
from cli.terminal.console import say, show, show_json
from cli.terminal.places import SHORT_PLACES, described
from cli.terminal.refused import show_refused
from cli.terminal.strip import clock
from earshot.analysis.errors import Misconfigured
from earshot.analysis.printable import printable
from earshot.pipeline import letters
from earshot.storage.postgres import dead_letters
from earshot.storage.postgres.db import connect
from earshot.storage.postgres.dead_letters import DeadLetter
from earshot.storage.redis import refused
from earshot.storage.redis.client import client

REFUSED_SHOWN = 20


def show_letters(*, closed: bool, as_json: bool) -> None:
    """Prints the open letters, or all of them with ``closed``, and the newest refused messages."""
    with connect() as connection:
        found = dead_letters.listed(connection, closed=closed)
    redis = client()
    aside = refused.latest(redis, REFUSED_SHOWN)
    if as_json:
        for letter in found:
            show_json(letter.model_dump(mode="json"))
        for message in aside:
            show_json({"refused": message._asdict()})
        return
    if found:
        show(_table(found, closed))
        say(
            "try them again: earshot dead replay ID...   leave them as they are:"
            " earshot dead discard ID..."
        )
    else:
        say("no dead letters")
    if aside:
        show_refused(aside, sum(refused.counts(redis).values()))


def replay(ids: Sequence[int], everything: bool) -> int:
    """Repeats the analyses of the letters, those of one recording in one round. Returns 1 if any
    was impossible."""
    with connect() as connection:
        chosen, unknown = _chosen(dead_letters.listed(connection), ids, everything)
        failed = unknown
        for each in letters.replay(chosen, partial(ask, connection)):
            if each.refusal:
                failed += 1
                say(f"{each.refusal.code}: {each.refusal}")
            else:
                show(f"{str(each.recording_id)[:8]}  {described(each.places)}")
    return 1 if failed else 0


def discard(ids: Sequence[int], everything: bool) -> int:
    """Closes letters; their analyses stay missing from the reports. Returns 1 if any was not
    open."""
    with connect() as connection:
        chosen, unknown = _chosen(dead_letters.listed(connection), ids, everything)
        closed = dead_letters.discard(connection, [letter.id for letter in chosen])
    show(f"{len(closed)} discarded")
    return 1 if unknown else 0


def _chosen(
    found: Sequence[DeadLetter], ids: Sequence[int], everything: bool
) -> tuple[list[DeadLetter], int]:
    """The named ones of the open letters, and the number of unknown ids."""
    if bool(ids) == everything:
        raise Misconfigured(
            "dead",
            "name dead letters by their ids, or all with --all; `earshot dead list` shows them",
        )
    unknown = sorted(set(ids) - {letter.id for letter in found})
    for each in unknown:
        say(
            f"{each}: no open dead letter has this id;"
            " `earshot dead list --all` shows the closed ones too"
        )
    return [letter for letter in found if everything or letter.id in ids], len(unknown)


def _table(found: Sequence[DeadLetter], closed: bool) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in (
        "id",
        *(["state"] if closed else []),
        "since (UTC)",
        "recording",
        "chunk",
        "analysis",
        "release",
        "worker",
    ):
        table.add_column(name, no_wrap=True)
    table.add_column("file", overflow="fold")
    table.add_column("reason", overflow="fold")
    for each in found:
        state = [each.state] if closed else []
        when = each.created_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        where = (str(each.recording_id)[:8], _place(each))
        what = (each.analysis, each.release, each.worker or "-", each.file_name)
        table.add_row(
            str(each.id),
            *state,
            when,
            *where,
            *(Text(printable(word)) for word in (*what, f"{each.code}: {each.reason}")),
        )
    return table


def _place(letter: DeadLetter) -> str:
    if letter.chunk_index in SHORT_PLACES:
        return SHORT_PLACES[letter.chunk_index]
    return f"{letter.chunk_index} ({clock(letter.start_ms)}-{clock(letter.end_ms)})"
