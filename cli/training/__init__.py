"""``earshot train``: the command line, as in ``cli.commands``."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import typer

from training.trainers.trainer import TRAINERS

app = typer.Typer(
    help="Train models on your own recordings.", no_args_is_help=True, rich_markup_mode=None
)

HELP = {
    "emotion": "Train the emotion network of [001] on utterances.",
    "noise": "Train a classifier of noise: a head on the embedded network, or a whole network.",
    "scene": "Train a head for speech, music, noise, silence and other on the embedded network.",
    "sentiment": "Train the classifiers of the voice's sentiment, for customers and agents.",
    "voices": "Train the network that tells voices apart, on recordings of many speakers.",
}

Data = Annotated[
    Path,
    typer.Argument(
        help="A folder with labels.csv (path,label and, if known, speaker), a folder for every"
        " label, a table, or a manifest.",
        show_default=False,
    ),
]
Epochs = Annotated[int, typer.Option(min=1, help="Epochs at most.")]
Batch = Annotated[int, typer.Option(min=1, help="Windows in a batch.")]
Rate = Annotated[float, typer.Option(help="Learning rate.")]
Patience = Annotated[
    int, typer.Option(min=1, help="Epochs without a lower validation loss before it ends.")
]
ValSplit = Annotated[float, typer.Option(help="Share of the recordings for validation.")]
Holdout = Annotated[
    float, typer.Option(help="Share of the speakers kept for the comparison of releases.")
]
Augment = Annotated[
    bool, typer.Option("--augment", help="Alter sound (speed, room, noise, codecs) and mask bands.")
]
Architecture = Annotated[
    Literal["default", "head", "efficientnet_b3", "efficientnet_b0", "efficientnet_tiny"],
    typer.Option(help="Of noise: head (the default, seconds), or a network trained as a whole."),
]
Base = Annotated[
    str | None,
    typer.Option(
        help="Checkpoint to start from: a name of `earshot models list`, a folder or a file.",
        show_default=False,
    ),
]
Extend = Annotated[
    bool, typer.Option("--extend", help="Keep labels of --base that the data does not have.")
]
Labels = Annotated[
    str, typer.Option(help="Of noise: your own categories, e.g. hall,street.", show_default=False)
]
Longest = Annotated[float, typer.Option(help="Seconds that a recording may have.")]
Licence = Annotated[str, typer.Option(help="Licence of the data, as SPDX, e.g. CC-BY-4.0.")]
Seed = Annotated[int, typer.Option(min=0, help="Of all random numbers.")]
Device = Annotated[Literal["auto", "cpu", "cuda"], typer.Option(help="Where networks are trained.")]
SaveEvery = Annotated[
    float, typer.Option(min=0, max=20, help="Seconds of work between saved states.")
]
Cache = Annotated[
    Path | None,
    typer.Option(help="Folder of computed features. Default: in --out.", show_default=False),
]
Fresh = Annotated[
    bool, typer.Option("--fresh", help="Begin anew where a training is in --out already.")
]


def _command(model: str) -> Callable[..., int]:
    def command(
        data: Data,
        out: Annotated[
            Path | None,
            typer.Option(
                help=f"Folder of the result. Default: outputs/{model}.", show_default=False
            ),
        ] = None,
        epochs: Epochs = 50,
        batch_size: Batch = 32,
        lr: Rate = 0.001,
        patience: Patience = 5,
        val_split: ValSplit = 0.2,
        holdout: Holdout = 0.1,
        augment: Augment = False,
        architecture: Architecture = "default",
        base: Base = None,
        extend: Extend = False,
        labels: Labels = "",
        longest: Longest = 600.0,
        licence: Licence = "unknown",
        seed: Seed = 0,
        device: Device = "auto",
        save_every: SaveEvery = 20.0,
        cache: Cache = None,
        fresh: Fresh = False,
    ) -> int:
        from cli.training import work

        given = {
            "epochs": epochs, "batch_size": batch_size, "lr": lr, "patience": patience,
            "val_split": val_split, "holdout": holdout, "augment": augment,
            "architecture": architecture, "base": base, "extend": extend, "longest": longest,
            "labels": tuple(filter(None, labels.split(","))), "licence": licence, "seed": seed,
            "device": device, "save_every": save_every, "cache": cache,
        }  # fmt: skip
        return work.train(model, data, out or Path("outputs") / model, given, fresh=fresh)

    command.__doc__ = HELP[model]
    return command


for _model in TRAINERS:
    app.command(_model)(_command(_model))


@app.command("emotion-001", hidden=True)
def of_001(
    data_dir: Annotated[Path, typer.Option("--data_dir", help="Folder of recordings.")] = Path(
        "data"
    ),
    csv_path: Annotated[
        Path | None,
        typer.Option(
            "--csv_path", help="Table. Default: labels.csv in --data_dir, if it is there."
        ),
    ] = None,
    epochs: Annotated[int, typer.Option("--epochs", min=1)] = 50,
    batch_size: Annotated[int, typer.Option("--batch_size", min=1)] = 32,
    lr: Annotated[float, typer.Option("--lr")] = 0.001,
    val_split: Annotated[float, typer.Option("--val_split")] = 0.2,
    n_mels: Annotated[int, typer.Option("--n_mels", min=1)] = 64,
    time_steps: Annotated[int, typer.Option("--time_steps", min=1)] = 100,
    sample_rate: Annotated[int, typer.Option("--sample_rate", min=1)] = 16_000,
    use_augmentation: Annotated[bool, typer.Option("--use_augmentation")] = False,
    early_stopping_patience: Annotated[int, typer.Option("--early_stopping_patience", min=1)] = 5,
    output_dir: Annotated[Path, typer.Option("--output_dir")] = Path("outputs"),
    seed: Annotated[int, typer.Option("--seed", min=0)] = 0,
    device: Annotated[Literal["auto", "cpu", "cuda"], typer.Option("--device")] = "auto",
    save_every: Annotated[float, typer.Option("--save_every", min=0, max=20)] = 20.0,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Begin anew where a training is in --output_dir.")
    ] = False,
) -> int:
    """Train the emotion network of [001] with its command line: `python train.py`."""
    from cli.training import work

    given = {
        "epochs": epochs, "batch_size": batch_size, "lr": lr, "val_split": val_split,
        "n_mels": n_mels, "time_steps": time_steps, "sample_rate": sample_rate,
        "augment": use_augmentation, "patience": early_stopping_patience, "seed": seed,
        "device": device, "save_every": save_every,
    }  # fmt: skip
    return work.train("emotion", data_dir, output_dir, given, table=csv_path, fresh=fresh)


@app.command()
def status(
    run: Annotated[
        str | None, typer.Argument(help="Id of a run. Default: the latest.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Show trainings in the background."""
    from cli.training.runs import show_runs

    show_runs(run, as_json=as_json)


@app.command()
def cancel(run: Annotated[str, typer.Argument(help="Id of a run.")]) -> int:
    """End a training in the background; its state is saved."""
    from cli.training.runs import cancel as cancel_run

    return cancel_run(run)
