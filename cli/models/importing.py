"""``earshot models import-joblib``: converts users' sentiment models to a checkpoint."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from cli.terminal.console import say, show
from earshot.analysis.errors import Misconfigured
from training.importers.trusted_pickle import verified

app = typer.Typer()

ENTRY = """[[checkpoint]]
name = "{name}"
analysis = "sentiment"
runtime = "onnx"
uri = "{uri}"
sha256 = "{digest}"
labels = ["negative", "neutral", "positive"]
sample_rate = 16000
licence = "your own"
commercial = {commercial}"""


@app.command("import-joblib")
def import_joblib(
    roles: Annotated[
        list[str],
        typer.Argument(
            metavar="ROLE=[SCALER,]CLASSIFIER...",
            help="Files of each role, e.g. customer=scaler.joblib,svm.joblib.",
        ),
    ],
    sha256: Annotated[
        list[str], typer.Option(help="Digest of each file, from its author.", show_default=False)
    ],
    out: Annotated[Path, typer.Option(help="The checkpoint to write.")] = Path("sentiment.onnx"),
    labels: Annotated[
        str,
        typer.Option(
            help=(
                "What its classes are, in order, where they are numbers: negative,neutral,positive."
            ),
            show_default=False,
        ),
    ] = "",
    trust: Annotated[
        bool,
        typer.Option(
            "--trust", help="You trust who made the files: opening them runs what is in them."
        ),
    ] = False,
    commercial: Annotated[
        bool,
        typer.Option(
            "--commercial/--non-commercial",
            help=(
                "Whether it may be used commercially."
                " It is your own, so it may, unless what you trained it on forbids that."
            ),
        ),
    ] = True,
) -> None:
    """Convert scikit-learn classifiers of sentiment to a checkpoint.

    They must have been trained on earshot.audio.features.utterance.describe. Needs
    requirements/train.txt; workers that run the checkpoint do not.
    """
    names = [name for name in labels.split(",") if name]
    write(_roles(roles), sha256, names, trust, out)
    say(
        f"{out} answers as the files do."
        " Its confidence is theirs, uncalibrated: see what it is worth with"
    )
    say(
        f"  earshot evaluate --checkpoint sentiment={out}"
        " --manifest labels.jsonl --root recordings/"
    )
    say("To let workers run it, put this into the catalog that EARSHOT_MODELS_CATALOG names:")
    from earshot.models.checkpoints.location import sha256 as digest_of

    name, allowed = f"sentiment-{out.stem}", "true" if commercial else "false"
    show(
        ENTRY.format(
            name=name, uri=out.resolve().as_uri(), digest=digest_of(out), commercial=allowed
        )
    )
    say("and then let it answer:")
    say(f"  earshot models pull {name}")
    say(f"  earshot models use {name}")


def write(
    roles: Mapping[str, Sequence[Path]],
    digests: Sequence[str],
    names: Sequence[str],
    trust: bool,
    out: Path,
) -> None:
    """Converts the files, if they are trusted and the required packages are installed.

    Raises:
        Misconfigured: neither, or as ``training.importers.joblib_roles.converted``.
    """
    contents = {path: verified(path, digests, trust) for paths in roles.values() for path in paths}
    try:
        from training.importers.joblib_roles import converted
    except ImportError as error:
        raise Misconfigured(
            "extra",
            f"{error.name} is not installed, which reading .joblib files takes:"
            " pip install -r requirements/train.txt",
        ) from error
    converted(roles, contents, names, out)


def _roles(texts: Sequence[str]) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for text in texts:
        role, equals, files = text.partition("=")
        paths = [Path(name) for name in files.split(",") if name]
        if not equals or not role or not paths:
            raise Misconfigured(
                "role",
                f"{text}: write ROLE=CLASSIFIER or ROLE=SCALER,CLASSIFIER, e.g."
                " customer=scaler.joblib,svm.joblib",
            )
        if role in found:
            raise Misconfigured(
                "role", f"{role} is given twice; name all of its files behind one ="
            )
        found[role] = paths
    return found
