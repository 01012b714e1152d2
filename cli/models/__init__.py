"""``earshot models``: what can be typed about checkpoints; each verb's work is a module
``earshot.models_<verb>``."""

from typing import Annotated

import typer

app = typer.Typer(
    help="List the models, fetch them, and check that they are whole.", no_args_is_help=True
)

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="NAME...", help="As `models list` shows them.", show_default=False),
]
OfAnalysis = Annotated[
    list[str] | None,
    typer.Option("--analysis", help="All of these analyses, e.g. asr,emotion.", show_default=False),
]


@app.command("list")
def list_models(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """List all models, where each is stored, and which are active."""
    from cli.models.listing import show_models

    show_models(as_json)


@app.command()
def pull(
    names: Names = None,
    analysis: OfAnalysis = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every one whose licence goes with the settings.")
    ] = False,
    pinned_only: Annotated[
        bool,
        typer.Option(
            "--pinned-only", help="None whose files the catalog or models.lock does not know."
        ),
    ] = False,
) -> int:
    """Fetch models. An interrupted pull resumes.

    Gated ones need HF_TOKEN. Licences that forbid commercial use need EARSHOT_COMMERCIAL_USE=false.
    Nothing uses the network afterwards.
    """
    from cli.models.pull import pull_models

    return pull_models(names or [], analysis or [], every=every, pinned_only=pinned_only)


@app.command()
def use(
    name: Annotated[str, typer.Argument(help="As `models list` shows it.", show_default=False)],
    why: Annotated[str, typer.Option(help="The reason, for `earshot release log`.")] = "models use",
) -> None:
    """Activate a model for its analysis, from the next recording on.

    The model is loaded first: one that is missing, altered, forbidden by the settings, or cannot
    run here is rejected. The embedded model's name restores the default.
    """
    from cli.models.use import use_model

    use_model(name, why)


@app.command()
def verify(names: Names = None) -> int:
    """Read every file of the stored models, and report those that differ."""
    from cli.models.verify import verify_models

    return verify_models(names or [])
