"""Verbs that read: reports, exports, the list of recordings, events. Arguments and help, as in
``cli.commands``."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from earshot.exports.kinds import Format

app = typer.Typer()

Id = Annotated[str, typer.Argument(metavar="ID", help="Id of a recording, or its beginning.")]
Uncorrected = Annotated[
    bool, typer.Option("--uncorrected", help="Without the corrections by people.")
]


@app.command()
def report(
    recording: Id,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report's JSON.")] = False,
    uncorrected: Uncorrected = False,
) -> int:
    """Print the report of a recording."""
    from cli.reading.look import show_report

    return show_report(recording, as_json, uncorrected=uncorrected)


@app.command()
def export(
    recordings: Annotated[
        list[str], typer.Argument(metavar="ID...", help="Ids of recordings, or their beginnings.")
    ],
    format_: Annotated[Format, typer.Option("--format", help="What to write.", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for a file a recording. Default: print.", show_default=False),
    ] = None,
    uncorrected: Uncorrected = False,
    excel: Annotated[
        bool,
        typer.Option(
            "--excel",
            help="CSV for spreadsheets: a byte order mark, and no cell is taken for a formula.",
        ),
    ] = False,
) -> int:
    """Write reports in a format of other programs."""
    from cli.reading.export import export as write

    return write(recordings, format_, out, uncorrected=uncorrected, excel=excel)


@app.command()
def why(
    recording: Id,
    label: Annotated[
        str,
        typer.Option(
            help="A scene, e.g. music, or a class of AudioSet, e.g. Dog.", show_default=False
        ),
    ],
    chunk: Annotated[
        int | None, typer.Option(min=0, help="Only this chunk.", show_default=False)
    ] = None,
) -> int:
    """Explain why a sound is missing from the report."""
    from cli.why import why as say_why

    return say_why(recording, label, chunk)


@app.command("list")
def list_recordings(limit: Annotated[int, typer.Option(min=1, help="How many.")] = 20) -> None:
    """List the latest recordings."""
    from cli.reading.look import show_list

    show_list(limit)


@app.command()
def events(
    follow: Annotated[
        bool, typer.Option("--follow", help="Keep printing new events until Ctrl-C.")
    ] = False,
    start: Annotated[
        str | None,
        typer.Option("--from", help="Only events after this id or stream_id.", show_default=False),
    ] = None,
) -> None:
    """Print the published events, one JSON object a line."""
    from cli.reading.look import print_events

    print_events(start, follow)


@app.command()
def drift(
    source: Annotated[
        str | None, typer.Option(help="Only this tenant.", show_default=False)
    ] = None,
    analysis: Annotated[
        Literal["emotion", "noise", "scene", "sentiment"] | None,
        typer.Option(help="Only this one.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Compare the answers of the active releases with their first ones, source by source."""
    from cli.releases.drift import show_drift

    show_drift(source, analysis, as_json=as_json)
