"""``earshot label``: the command line, as in ``cli.commands``."""

from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer(help="Labels by people: give them, and train on them.", no_args_is_help=True)

Labelled = Literal["emotion", "noise", "scene", "sentiment"]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")]


@app.command("set")
def set_label(
    recording: Annotated[
        str, typer.Argument(metavar="ID", help="Id of a recording, or its beginning.")
    ],
    at: Annotated[float, typer.Option(min=0, help="Second within the turn or stretch.")],
    label: Annotated[str, typer.Option(help="What it is; the answer itself confirms it.")],
    analysis: Annotated[
        Labelled, typer.Option(help="Whose label: of a turn, or (noise, scene) of a stretch.")
    ] = "emotion",
    channel: Annotated[
        int | None,
        typer.Option(min=0, help="Of the turn, where several are there.", show_default=False),
    ] = None,
    until: Annotated[
        float | None,
        typer.Option(min=0, help="Of a stretch: from --at to here.", show_default=False),
    ] = None,
) -> None:
    """Correct or confirm the label of a turn or of a stretch."""
    from cli.labelling.work import give_label

    give_label(recording, analysis, at, until, channel, label)


@app.command()
def export(
    model: Annotated[
        Literal["emotion", "noise", "scene", "sentiment", "voices"],
        typer.Argument(help="As of `earshot train`."),
    ],
    to: Annotated[Path, typer.Option(help="Folder of the data.", show_default=False)],
    as_json: Json = False,
) -> None:
    """Write corrected and confirmed labels, with their sound, as data for `earshot train`."""
    from cli.labelling.work import export_labels

    export_labels(model, to, as_json=as_json)


@app.command()
def queue(
    analysis: Annotated[Labelled, typer.Option(help="Whose answers.")] = "emotion",
    count: Annotated[int, typer.Option("-n", min=1, max=1_000, help="How many.")] = 50,
    source: Annotated[
        str | None, typer.Option(help="Only of this tenant.", show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the tenth that is drawn by lot.")] = 0,
    as_json: Json = False,
) -> None:
    """List the answers that a label would teach most: uncertain, contradicted, rare."""
    from cli.labelling.work import show_queue

    show_queue(analysis, count, source, seed, as_json=as_json)
