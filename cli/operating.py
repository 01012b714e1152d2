"""Verbs of whoever keeps the system running: mend, rerun, delete, dead letters; what can be typed,
as in ``cli.commands``."""

from datetime import datetime
from typing import Annotated, Literal

import typer

app = typer.Typer()
dead = typer.Typer(
    help="Look at what was given up, and try it again or leave it.", no_args_is_help=True
)
app.add_typer(dead, name="dead")

Letters = Annotated[
    list[int] | None,
    typer.Argument(metavar="ID...", help="Ids of dead letters.", show_default=False),
]
State = Annotated[
    Literal["complete", "partial", "failed"] | None,
    typer.Option(help="Instead of ids: recordings in this state.", show_default=False),
]
Since = Annotated[
    datetime | None,
    typer.Option(help="... ingested at this time (UTC) or later.", show_default=False),
]
Until = Annotated[
    datetime | None, typer.Option(help="... ingested before this time (UTC).", show_default=False)
]
Every = Annotated[bool, typer.Option("--all", help="Every finished recording.")]
AllLetters = Annotated[bool, typer.Option("--all", help="Every open one.")]


@app.command()
def repair() -> int:
    """Set going again, now, what upkeep would.

    It is safe at any time, as often as you like: two at once do nothing twice, and what is merely
    late is left alone. A worker counts as dead when it is silent while another was heard for
    EARSHOT_WORKER_LOST_SEC. When none was, as after a time without Redis, this listens for so long
    before it judges.
    """
    from cli.mend import repair as mend_once

    return mend_once()


@app.command()
def rerun(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID...", help="Recordings.", show_default=False)
    ] = None,
    missing: Annotated[
        bool, typer.Option("--missing", help="What was asked for and has no outcome.")
    ] = False,
    failed: Annotated[bool, typer.Option("--failed", help="What failed.")] = False,
    stale: Annotated[
        bool, typer.Option("--stale", help="What another release than the active one said.")
    ] = False,
    analysis: Annotated[
        list[str] | None,
        typer.Option(
            help="These, everywhere, asked for before or not, e.g. noise,asr.", show_default=False
        ),
    ] = None,
    speakers: Annotated[
        str | None,
        typer.Option(
            help="Tell voices apart again, of so many people: 2, or 2-4.", show_default=False
        ),
    ] = None,
    state: State = None,
    since: Since = None,
    until: Until = None,
    every: Every = False,
    wait: Annotated[bool, typer.Option(help="Wait for the new reports and print them.")] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done.")
    ] = False,
) -> int:
    """Do chosen analyses of finished recordings again.

    What was found before stays readable until the new answers are there, and where a new attempt
    fails.
    """
    from cli import again
    from cli.chosen import Filter

    wanted = again.choice(analysis or [], speakers, missing=missing, failed=failed, stale=stale)
    where = Filter(state, since, until, every)
    return again.rerun(ids or [], where, wanted, wait=wait, dry_run=dry_run)


@app.command()
def delete(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID...", help="Recordings.", show_default=False)
    ] = None,
    state: State = None,
    since: Since = None,
    until: Until = None,
    every: Every = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only count what would be deleted.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one receipt a line.")] = False,
) -> int:
    """Delete recordings with all that is known of them, for good, and print what was removed.

    A tombstone stays: the id, when, and the receipt, which the same command prints again. Every
    store is searched afterwards.
    """
    from cli.chosen import Filter
    from cli.delete import delete as delete_recordings

    where = Filter(state, since, until, every)
    return delete_recordings(ids or [], where, yes=yes, dry_run=dry_run, as_json=as_json)


@dead.command("list")
def list_letters(
    closed: Annotated[
        bool, typer.Option("--all", help="Those that were replayed or discarded too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """List what was given up, and why."""
    from cli.dead import show_letters

    show_letters(closed=closed, as_json=as_json)


@dead.command()
def replay(ids: Letters = None, everything: AllLetters = False) -> int:
    """Try it again, in a new round of its recording."""
    from cli.dead import replay as replay_letters

    return replay_letters(ids or [], everything)


@dead.command()
def discard(ids: Letters = None, everything: AllLetters = False) -> int:
    """Leave it as it is: missing from its report."""
    from cli.dead import discard as discard_letters

    return discard_letters(ids or [], everything)
