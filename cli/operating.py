"""Verbs for operators: repair, rerun, delete, dead letters; the command line, as in
``cli.commands``."""

from datetime import datetime
from typing import Annotated, Literal

import typer

app = typer.Typer()
dead = typer.Typer(
    help="List abandoned analyses, and replay or discard them.", no_args_is_help=True
)
app.add_typer(dead, name="dead")
pools = typer.Typer(help="Show the pools, pause and resume them.", no_args_is_help=True)
app.add_typer(pools, name="pools")

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
    """Run one pass of upkeep now.

    It is safe at any time: two passes at once do nothing twice, and work that is merely late is
    left alone. A worker counts as dead when it sends no heartbeats while another one did for
    EARSHOT_WORKER_LOST_SEC. If none did, as after an outage of Redis, the command first waits for
    that long.
    """
    from cli.mend import repair as mend_once

    return mend_once()


@app.command()
def rerun(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID...", help="Recordings.", show_default=False)
    ] = None,
    missing: Annotated[
        bool, typer.Option("--missing", help="Requested analyses without an outcome.")
    ] = False,
    failed: Annotated[bool, typer.Option("--failed", help="Failed analyses.")] = False,
    stale: Annotated[
        bool, typer.Option("--stale", help="Answers of a release that is no longer active.")
    ] = False,
    analysis: Annotated[
        list[str] | None,
        typer.Option(
            help="These, everywhere, requested before or not, e.g. noise,asr.", show_default=False
        ),
    ] = None,
    speakers: Annotated[
        str | None,
        typer.Option(
            help="Repeat diarization with this many speakers: 2, or 2-4.", show_default=False
        ),
    ] = None,
    state: State = None,
    since: Since = None,
    until: Until = None,
    every: Every = False,
    wait: Annotated[bool, typer.Option(help="Wait for the new reports and print them.")] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only print what would be done.")
    ] = False,
) -> int:
    """Repeat selected analyses of finished recordings.

    Existing results stay readable until new ones replace them, also if the new attempt fails.
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
    """Delete recordings with all their data permanently, and print what was removed.

    A tombstone stays: the id, the time, and the receipt, which the same command prints again. Every
    store is searched afterwards.
    """
    from cli.chosen import Filter
    from cli.delete import delete as delete_recordings

    where = Filter(state, since, until, every)
    return delete_recordings(ids or [], where, yes=yes, dry_run=dry_run, as_json=as_json)


Recordings = Annotated[
    list[str] | None, typer.Argument(metavar="ID...", help="Recordings.", show_default=False)
]
Source = Annotated[
    str | None,
    typer.Option(
        help="Instead of ids: a URL, for what lies below it; a tenant; or '*'.", show_default=False
    ),
]
By = Annotated[
    str | None, typer.Option(help="Who asks for it. Default: this user.", show_default=False)
]


@app.command()
def hold(
    reason: Annotated[str, typer.Option(help="Why; it is recorded.", show_default=False)],
    ids: Recordings = None,
    source: Source = None,
    by: By = None,
) -> None:
    """Keep recordings from being deleted, by retention or when asked, until they are released."""
    from cli.holds import hold as place

    place(ids or [], source, reason, by)


@app.command()
def unhold(ids: Recordings = None, source: Source = None, by: By = None) -> int:
    """Release what is on hold."""
    from cli.holds import release as end

    return end(ids or [], source, by)


@app.command("holds")
def list_holds(
    released: Annotated[bool, typer.Option("--all", help="Include released ones.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """List what is on hold, since when, by whom and why."""
    from cli.holds import show_holds

    show_holds(released=released, as_json=as_json)


@dead.command("list")
def list_letters(
    closed: Annotated[
        bool, typer.Option("--all", help="Include replayed and discarded ones.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """List abandoned analyses, and why."""
    from cli.dead import show_letters

    show_letters(closed=closed, as_json=as_json)


@dead.command()
def replay(ids: Letters = None, everything: AllLetters = False) -> int:
    """Analyse it again."""
    from cli.dead import replay as replay_letters

    return replay_letters(ids or [], everything)


@dead.command()
def discard(ids: Letters = None, everything: AllLetters = False) -> int:
    """Close it; the analysis stays missing from its report."""
    from cli.dead import discard as discard_letters

    return discard_letters(ids or [], everything)


@pools.command("list")
def list_pools(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Show what waits for each pool, since when and at which pace."""
    from cli.pools import show_pools

    show_pools(as_json=as_json)


@pools.command()
def pause(pool: Annotated[str, typer.Argument(help="Its name, e.g. asr.")]) -> None:
    """Let its workers take no further jobs; what they have begun they finish."""
    from cli.pools import pause as pause_pool

    pause_pool(pool)


@pools.command()
def resume(pool: Annotated[str, typer.Argument(help="Its name.")]) -> None:
    """Let its workers take jobs again."""
    from cli.pools import resume as resume_pool

    resume_pool(pool)
