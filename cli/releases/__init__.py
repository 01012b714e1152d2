"""``earshot release``: the command line, as in ``cli.commands``."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Releases of this installation: register, compare, promote, roll back.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="As `release list` shows it.")]
OfAnalysis = Annotated[
    str | None, typer.Option("--analysis", help="Only of this one.", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")]
Why = Annotated[str | None, typer.Option(help="The reason; it is recorded.", show_default=False)]


@app.command("list")
def list_releases(analysis: OfAnalysis = None, as_json: Json = False) -> None:
    """List the registered releases with their stages, and the catalog's defaults that answer."""
    from cli.releases.reading import list_all

    list_all(analysis, as_json=as_json)


@app.command()
def show(name: Name, analysis: OfAnalysis = None, as_json: Json = False) -> None:
    """Show what a release was made of, and the events about it."""
    from cli.releases.reading import show_one

    show_one(name, analysis, as_json=as_json)


@app.command()
def register(
    folder: Annotated[Path, typer.Argument(help="What `earshot train` wrote.")],
    name: Annotated[
        str | None, typer.Option(help="Default: analysis and digest.", show_default=False)
    ] = None,
    why: Why = None,
    then: Annotated[
        bool, typer.Option("--promote", help="Then compare and promote it, as `promote` does.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Store a trained model as a candidate, after opening it as a worker would."""
    from cli.releases.changing import promote_named, register_folder

    found = register_folder(folder, name, why, as_json=as_json)
    if not then:
        return 0
    return promote_named(found.name, found.analysis, why, force=False, as_json=as_json)


@app.command()
def promote(
    name: Name,
    analysis: OfAnalysis = None,
    force: Annotated[
        bool, typer.Option("--force", help="Although the gate refuses; needs --why.")
    ] = False,
    why: Why = None,
    as_json: Json = False,
) -> int:
    """Let a release answer from the next recording on, if it is shown to be better.

    It and the active release analyse the recordings held out of its training. Both are compared on
    those that neither has learnt, on background sound, and by cost. The exit status is 1 if it is
    refused.
    """
    from cli.releases.changing import promote_named

    return promote_named(name, analysis, why, force=force, as_json=as_json)


@app.command()
def rollback(
    analysis: Annotated[
        str | None,
        typer.Argument(help="Default: that of the last promotion.", show_default=False),
    ] = None,
    why: Why = None,
    as_json: Json = False,
) -> None:
    """Restore the release that answered before, from the next batch on."""
    from cli.releases.changing import roll_back

    roll_back(analysis, why, as_json=as_json)


@app.command()
def shadow(
    name: Name,
    share: Annotated[
        float, typer.Option(min=0.0001, max=1, help="Of the recordings, by a hash of their ids.")
    ] = 0.1,
    end: Annotated[bool, typer.Option("--end", help="End it; its answers are kept.")] = False,
    analysis: OfAnalysis = None,
    why: Why = None,
    as_json: Json = False,
) -> None:
    """Let a release answer a share of the recordings beside the active one, unseen by others.

    Several may be in shadow at once. `earshot worker shadow` computes their answers.
    """
    from cli.releases import shadowing

    if end:
        shadowing.end_shadow(name, analysis, why, as_json=as_json)
    else:
        shadowing.begin_shadow(name, analysis, share, why, as_json=as_json)


@app.command()
def diff(
    name: Name,
    against: Annotated[
        str | None,
        typer.Option(help="Release to compare with. Default: the active one.", show_default=False),
    ] = None,
    clips: Annotated[int, typer.Option(min=0, help="Chunks to name, to listen to.")] = 10,
    analysis: OfAnalysis = None,
    as_json: Json = False,
) -> None:
    """Compare what a release answered in shadow with what the recordings were answered by."""
    from cli.releases.shadowing import show_difference

    show_difference(name, analysis, against, clips, as_json=as_json)


@app.command()
def log(
    analysis: OfAnalysis = None,
    at: Annotated[
        datetime | None,
        typer.Option(help="What answered at this time (UTC), instead.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Print every change: what, when, by whom and why; or what answered at a time."""
    from cli.releases.reading import show_log

    show_log(analysis, at, as_json=as_json)


Key = Annotated[Path, typer.Option(help="PEM file of an elliptic key.", show_default=False)]
Target = Annotated[
    str, typer.Argument(metavar="NAME|FOLDER", help="A registered release, or a folder.")
]
Signature = Annotated[
    Path | None,
    typer.Option(help="Default: the release's name or folder with .sig.", show_default=False),
]


@app.command()
def sign(target: Target, key: Key, signature: Signature = None) -> None:
    """Sign the files of a release with a private key, for a machine elsewhere."""
    from cli.releases.signing import sign_files

    sign_files(target, key, signature)


@app.command()
def verify(target: Target, key: Key, signature: Signature = None) -> int:
    """Compare the files of a release with their signature, by the public key."""
    from cli.releases.signing import verify_files

    return verify_files(target, key, signature)
