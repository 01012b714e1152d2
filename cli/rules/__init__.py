"""``earshot rules``: the command line, as in ``cli.commands``."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Rules that put recordings into categories.", no_args_is_help=True)

Tenant = Annotated[str, typer.Option(help="Whose rules and recordings.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Of a rule.")]
Since = Annotated[
    datetime | None,
    typer.Option(help="Calls ingested at this time (UTC) or later.", show_default=False),
]


@app.command("list")
def list_rules(tenant: Tenant = "default") -> None:
    """List the rules: name, version, state, matches, who made it and when."""
    from cli.rules import work

    work.list_rules(tenant)


@app.command()
def put(
    files: Annotated[list[Path], typer.Argument(help="YAML or JSON, a rule each.")],
    tenant: Tenant = "default",
) -> int:
    """Store rules; a changed one is a new version."""
    from cli.rules import work

    return work.put(files, tenant)


@app.command()
def show(
    name: Name,
    versions: Annotated[bool, typer.Option("--versions", help="All of them.")] = False,
    tenant: Tenant = "default",
) -> None:
    """Print a rule as JSON."""
    from cli.rules import work

    work.show_rule(name, tenant, versions=versions)


@app.command()
def delete(name: Name, tenant: Tenant = "default") -> None:
    """Delete a rule; reports no longer have its matches."""
    from cli.rules import work

    work.delete(name, tenant)


@app.command("dry-run")
def dry_run(
    rule: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A stored rule, or a file.")],
    since: Since = None,
    calls: Annotated[int, typer.Option(min=1, max=20_000, help="Of the newest calls.")] = 5_000,
    tenant: Tenant = "default",
) -> int:
    """Count the stored calls that a rule matches, and print examples; nothing is written."""
    from cli.rules import work

    return work.dry_run(rule, since, calls, tenant)


@app.command()
def backfill(
    name: Name,
    since: Since = None,
    everything: Annotated[
        bool, typer.Option("--everything", help="Also if it matches nearly every call.")
    ] = False,
    tenant: Tenant = "default",
) -> int:
    """Evaluate a rule over stored calls, after a dry run. It continues where it was interrupted."""
    from cli.rules import work

    return work.run_backfill(name, since, tenant, everything=everything)
