"""The verbs of the ``earshot`` command: arguments and help. The implementations are imported when
they are needed."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from cli import (
    batch,
    labelling,
    models,
    operating,
    reading,
    releases,
    roles,
    rules,
    serving,
    sound,
    tokens,
    training,
)
from cli.models import importing

app = typer.Typer(
    help="Analyses audio files in worker pools and prints reports.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Paths = Annotated[
    list[Path],
    typer.Argument(help="Audio and video files, or folders with such files.", show_default=False),
]
Out = Annotated[
    Path | None, typer.Option(help="Folder for the reports as JSON.", show_default=False)
]
Roles = Annotated[
    str | None,
    typer.Option(
        help="Role of each channel; two: agent,customer. '' for a stereo recording of one place.",
        show_default=False,
    ),
]
Recorder = Annotated[
    str | None,
    typer.Option(help="Instead of --roles: what recorded, e.g. vicidial.", show_default=False),
]
Direction = Annotated[
    Literal["inbound", "outbound"] | None,
    typer.Option(help="Of the calls, where the recorder needs it.", show_default=False),
]
Analyses = Annotated[
    str | None, typer.Option(help="Only these analyses, e.g. scene,asr.", show_default=False)
]
Profile = Annotated[
    Literal["full", "live"],
    typer.Option(help="Without --analyses: all of them, or live: all but scene and emotion."),
]
Language = Annotated[
    str | None, typer.Option(help="Language of the speech, e.g. en.", show_default=False)
]
Speakers = Annotated[
    str | None,
    typer.Option(help="Number of speakers, without roles: 2, or 2-4.", show_default=False),
]
Glossary = Annotated[
    str | None, typer.Option(help="Glossary whose topics to find, e.g. b2c.", show_default=False)
]
Force = Annotated[
    bool, typer.Option("--force", help="Analyse even if the content is stored already.")
]
Truncated = Annotated[
    bool, typer.Option("--accept-truncated", help="Analyse the existing part of a truncated file.")
]

Redact = Annotated[
    bool, typer.Option("--redact", help="Remove personal data from words and sound.")
]


@app.callback()
def verbosity(
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Show where an error comes from.")
    ] = False,
) -> None:
    """Runs before every verb; ``-v`` itself is read in ``__main__``, which prints the errors."""


@app.command()
def run(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Files or folders. Default: the demo call.", show_default=False),
    ] = None,
    out: Out = None,
    roles: Roles = None,
    recorder: Recorder = None,
    direction: Direction = None,
    analyses: Analyses = None,
    profile: Profile = "full",
    language: Language = None,
    speakers: Speakers = None,
    glossary: Glossary = None,
    force: Force = False,
    accept_truncated: Truncated = False,
    redact: Redact = False,
) -> int:
    """Start everything, analyse, print the reports, stop everything."""
    from cli.ingest import options
    from cli.run import run as run_once

    choice = (roles, analyses, profile, language, speakers, force, accept_truncated)
    wanted = options(
        *choice, recorder=recorder, direction=direction, glossary=glossary, redact=redact
    )
    return run_once(paths or [], out, wanted)


@app.command()
def ingest(
    paths: Paths,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only check that the files can be analysed.")
    ] = False,
    wait: Annotated[bool, typer.Option(help="Wait for the reports and print them.")] = True,
    out: Out = None,
    roles: Roles = None,
    recorder: Recorder = None,
    direction: Direction = None,
    analyses: Analyses = None,
    profile: Profile = "full",
    language: Language = None,
    speakers: Speakers = None,
    glossary: Glossary = None,
    force: Force = False,
    accept_truncated: Truncated = False,
    redact: Redact = False,
) -> int:
    """Submit recordings to the running workers."""
    from cli import ingest as work

    if dry_run:
        return work.validate(paths, accept_truncated)
    choice = (roles, analyses, profile, language, speakers, force, accept_truncated)
    wanted = work.options(
        *choice, recorder=recorder, direction=direction, glossary=glossary, redact=redact
    )
    return work.ingest(paths, wanted, wait=wait, out=out)


@app.command()
def evaluate(
    manifest: Annotated[
        Path,
        typer.Option(help="JSON lines with paths and labels.", show_default=False),
    ],
    root: Annotated[
        Path, typer.Option(help="Folder that the paths are relative to.", show_default=False)
    ],
    analysis: Annotated[
        list[str] | None,
        typer.Option(
            help="Only these, e.g. scene,asr. Default: all with labels.", show_default=False
        ),
    ] = None,
    checkpoint: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[ANALYSIS=]URI",
            help="A release, or an ONNX file, in place of the default.",
            show_default=False,
        ),
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="Folder with label maps of your own.", show_default=False)
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="Maximum number for each analysis.", show_default=False),
    ] = None,
    collar: Annotated[
        float, typer.Option(min=0, help="Seconds around a speaker's turns that do not count.")
    ] = 0.25,
    out: Annotated[Path, typer.Option(help="File for the figures; pictures go beside it.")] = Path(
        "metrics.json"
    ),
) -> int:
    """Measure the analyses on labelled recordings."""
    from cli.evaluate import evaluate as measure

    names = [name.strip() for text in analysis or [] for name in text.split(",")]
    return measure(
        manifest, root, names, checkpoint or [], labels=labels, limit=limit, collar=collar, out=out
    )


@app.command()
def doctor(
    stuck: Annotated[
        bool, typer.Option("--stuck", help="Only late work: chunks, reason, and remedy.")
    ] = False,
) -> int:
    """Check the installation and services, with a remedy for each problem."""
    from cli.doctor import examine

    if stuck:
        from cli.doctor.stuck import examine_stuck

        return examine_stuck()
    return examine()


app.add_typer(batch.app)
app.add_typer(reading.app)
app.add_typer(serving.app)
app.add_typer(operating.app)
app.add_typer(models.app, name="models")
models.app.add_typer(importing.app)
app.add_typer(releases.app, name="release")
app.add_typer(sound.app, name="sound")
app.add_typer(tokens.app, name="token")
app.add_typer(roles.app, name="roles")
app.add_typer(rules.app, name="rules")
app.add_typer(training.app, name="train")
app.add_typer(labelling.app, name="label")
