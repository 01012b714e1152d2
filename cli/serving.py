"""Verbs that start and stop processes: the local stack, workers, scheduler, dashboard, migrations.
Arguments and help, as in ``cli.commands``."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.terminal.console import say

app = typer.Typer()


@app.command()
def up() -> None:
    """Start Redis, Postgres, the workers and the HTTP gateway here."""
    from cli.localstack import gateway_process, stack
    from earshot.settings import settings
    from earshot.storage.redis_url import celery_url

    started = stack.up(say, keep=True)
    config = settings()
    say(
        f"started {', '.join(started)}"
        if started
        else (
            "everything runs already, with the settings of its start: `earshot down`,"
            " then `earshot up`, takes others"
        )
    )
    say(f"  Redis     {config.redis_url}")
    say(f"  Celery    {celery_url(config.redis_url)}")
    say(f"  Postgres  {config.database_url}")
    say(f"  logs      {config.home / 'logs'}")
    token = gateway_process.token_file(config.home)
    say(f"  page      {config.public_url}  in a browser, with the token in {token}")
    say("  HTTP      under the same address (docs/http.md):")
    say(
        f'            curl -H "Authorization: Bearer $(cat {token})" {config.public_url}/recordings'
    )
    say(f"stop it with: {Path(sys.executable).with_name('earshot')} down")


@app.command()
def down() -> None:
    """Stop what `up` started; the data stays."""
    from cli.localstack import stack

    stopped = stack.down(say)
    say(f"stopped {', '.join(stopped)}; the data stays" if stopped else "nothing was running")


@app.command()
def worker(
    pools: Annotated[
        list[str], typer.Argument(metavar="POOL...", help="Pools to serve, e.g. asr.")
    ],
    concurrency: Annotated[int, typer.Option(min=1, help="Children; on a GPU pool one a GPU.")] = 1,
) -> None:
    """Run a worker for these pools in the foreground."""
    from cli.foreground import become_worker

    become_worker(tuple(pools), concurrency)


@app.command()
def beat() -> None:
    """Run the one scheduler in the foreground."""
    from cli.foreground import become
    from tasks.app import beat_argv

    become(beat_argv())


@app.command()
def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on.", show_default=False)
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65_535, help="Port to listen on.", show_default=False),
    ] = None,
) -> None:
    """Run the HTTP gateway in the foreground."""
    from gateway.serve import serve as listen

    listen(say, host, port)


@app.command()
def live() -> None:
    """Recognise live sessions in the foreground."""
    from live.serve import serve as recognise

    recognise(say)


@app.command()
def listen(
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="[FILE|-]",
            help="Audio file, or - for raw PCM16 samples of the standard input. Default: the demo"
            " call.",
            show_default=False,
        ),
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="Of the gateway. Default: that of `up`.", show_default=False)
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(help="File with a token. Default: that of `up`.", show_default=False),
    ] = None,
    rate: Annotated[int, typer.Option(min=8_000, max=96_000, help="Hz, of -.")] = 16_000,
    json: Annotated[bool, typer.Option("--json", help="Print all events, one a line.")] = False,
) -> int:
    """Speak to the gateway, and print words as they come."""
    from cli.listening.work import listen as speak

    return speak(file, url, token_file, rate, json)


@app.command()
def flower(
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 5555,
    address: Annotated[
        str,
        typer.Option(help="Address to listen on. The only password is that of FLOWER_BASIC_AUTH."),
    ] = "127.0.0.1",
) -> None:
    """Run the dashboard of pools and tasks in the foreground."""
    from cli.foreground import become
    from tasks.app import flower_argv

    say(f"Flower: http://{address}:{port}  (Ctrl-C ends it)")
    become(flower_argv(port, address))


@app.command()
def migrate(
    pre: Annotated[
        bool, typer.Option("--pre", help="Only what suits the version before, which still runs.")
    ] = False,
) -> None:
    """Apply database migrations."""
    from earshot.settings import settings
    from earshot.storage.postgres.migrate import migrate as apply

    applied = apply(settings().database_url, pre_only=pre)
    say(f"applied {', '.join(applied)}" if applied else "the database is up to date")
