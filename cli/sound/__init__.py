"""``earshot sound``: the command line, as in ``cli.commands``."""

from typing import Annotated

import typer

app = typer.Typer(help="Encryption of stored sound.", no_args_is_help=True)


@app.command()
def keys(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Count the stored files by the name of the key that encrypts them."""
    from cli.sound import work

    work.show_keys(as_json=as_json)


@app.command()
def reencrypt() -> int:
    """Encrypt with the newest key what another one encrypted, or none."""
    from cli.sound import work

    return work.reencrypt()
