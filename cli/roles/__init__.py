"""``earshot roles``: the command line, as in ``cli.commands``."""

from typing import Annotated
from uuid import UUID

import typer

app = typer.Typer(help="Roles of channels that are remembered for sources.", no_args_is_help=True)

By = Annotated[
    str | None, typer.Option(help="Who asks for it. Default: this user.", show_default=False)
]


@app.command()
def remember(
    recording: Annotated[str, typer.Argument(help="Its id, or the beginning of it.")],
    source: Annotated[
        str | None,
        typer.Option(help="A URL above it. Default: its folder, or uploads.", show_default=False),
    ] = None,
    by: By = None,
) -> None:
    """Have later recordings of a recording's source begin with its roles, as corrected."""
    from cli.roles import work

    work.remember(recording, source, by)


@app.command("list")
def list_remembered(
    forgotten: Annotated[bool, typer.Option("--all", help="Also those not in force.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """List the roles of sources, since when, by whom and from which recording."""
    from cli.roles import work

    work.show_remembered(forgotten=forgotten, as_json=as_json)


@app.command()
def forget(
    id_: Annotated[UUID, typer.Argument(metavar="ID", help="As list shows it.")], by: By = None
) -> int:
    """Withdraw the roles of a source; recordings that have them keep them."""
    from cli.roles import work

    return work.forget(id_, by)
