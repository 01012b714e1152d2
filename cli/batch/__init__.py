"""The verb ``batch``, which ``run.py`` types: one pass over a folder of files. Arguments and help,
as in ``cli.commands``."""

from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer()


@app.command()
def batch(
    config: Annotated[
        Path | None,
        typer.Option(
            help="File of settings. Default: config.yaml in the folder of the project.",
            show_default=False,
        ),
    ] = None,
    save_mode: Annotated[
        Literal["csv", "database"],
        typer.Option(help="database: results stay in Postgres alone. csv: a table besides."),
    ] = "csv",
    performance_report: Annotated[
        bool, typer.Option("--performance-report", help="Write performance_report_*.json.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only check settings and files, and say what is done.")
    ] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Also files that failed in an earlier run.")
    ] = False,
) -> int:
    """Analyse all files of a folder, and write a table and reports.

    Exit status: 0 all calls are done; 1 some failed; 2 a setting or the command line is wrong; 3 a
    service is unavailable, or another run is busy. A run that was killed is continued by the next.
    """
    from cli.batch.chosen import use

    use(config)
    if dry_run:
        from cli.batch.dry import say_what

        return say_what(retry_failed=retry_failed)
    from cli.batch.run import run

    return run(
        save_csv=save_mode == "csv",
        with_performance=performance_report,
        retry_failed=retry_failed,
    )
