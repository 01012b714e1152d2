"""``earshot token``: tokens of the HTTP gateway."""

from datetime import datetime
from typing import Annotated

import typer

from cli.terminal.console import say, show

app = typer.Typer(help="Create, list and revoke tokens of the HTTP gateway.")
DAY_SEC = 86_400


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is for, e.g. crm.")],
    scope: Annotated[
        str,
        typer.Option(
            help="read, write (submit and delete, too), admin (webhooks, too) or operator."
        ),
    ] = "write",
    tenant: Annotated[str, typer.Option(help="Whose recordings it sees.")] = "default",
    days: Annotated[
        float | None,
        typer.Option(min=0.001, help="Days until it expires. Default: never.", show_default=False),
    ] = None,
) -> None:
    """Create a token, and print it, this once."""
    from earshot.analysis.errors import Misconfigured
    from earshot.storage.postgres import db, tokens

    try:
        wanted = tokens.Scope(scope)
    except ValueError as error:
        raise Misconfigured(
            "scope", f"--scope {scope}: use read, write, admin or operator"
        ) from error
    with db.once() as connection:
        made, secret = tokens.create(
            connection, name, tenant, wanted, None if days is None else days * DAY_SEC
        )
    say(f"token {made.id} of tenant {made.tenant}, scope {made.scope}; it is not shown again")
    show(secret)


@app.command("list")
def list_tokens() -> None:
    """List the tokens: id, name, tenant, scope, last use, state."""
    from earshot.storage.postgres import db, tokens

    with db.once() as connection:
        for each in tokens.list_all(connection):
            state = "revoked" if each.revoked_at else _until(each.expires_at)
            show(
                f"{str(each.id)[:8]}  {each.name}  {each.tenant}  {each.scope}"
                f"  used {_day(each.used_at)}  {state}"
            )


@app.command()
def revoke(
    token: Annotated[str, typer.Argument(help="Its name, or at least eight digits of its id.")],
) -> int:
    """Revoke a token; the gateway refuses it within five seconds."""
    from earshot.storage.postgres import db, tokens

    with db.once() as connection:
        revoked = tokens.revoke(connection, token)
    for each in revoked:
        say(f"revoked {each.name} ({str(each.id)[:8]}) of tenant {each.tenant}")
    if not revoked:
        say(f"no valid token is called {token}")
    return 0 if revoked else 1


def _until(expires_at: datetime | None) -> str:
    if expires_at is None:
        return "valid"
    passed = expires_at < datetime.now(expires_at.tzinfo)
    return f"{'expired' if passed else 'valid until'} {_day(expires_at)}"


def _day(when: datetime | None) -> str:
    return f"{when:%Y-%m-%d %H:%M}" if when else "never"
