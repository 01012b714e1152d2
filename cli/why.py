"""``earshot why``: explains from the stored findings why a sound is missing from the report."""

from collections.abc import Sequence

from cli.terminal.console import say, show
from cli.terminal.why_words import Asked, explained
from earshot.analysis.errors import Misconfigured, Permanent
from earshot.analysis.findings import SCENES
from earshot.analysis.outcome import Failed
from earshot.analysis.report.parts import Part
from earshot.models.sound.audioset import classes
from earshot.storage.postgres import lookup, recordings, reports
from earshot.storage.postgres.db import connect


def why(prefix: str, label: str, chunk: int | None) -> int:
    """Prints the detections of a label in every chunk, or in one. Returns 1 if scene has no
    findings (yet).

    Raises:
        Misconfigured: there is no such label.
        Permanent: no recording, or several, begin with ``prefix``, or it has no such chunk.
    """
    asked = sound(label)
    with connect() as connection:
        recording_id = lookup.find(connection, prefix)
        parts = [part for part in reports.parts(connection, recording_id) if part.chunk >= 0]
        state = recordings.progress(connection, [recording_id])[recording_id]
    chosen = _chosen(parts, chunk)
    if not any(part.analysis == "scene" for part in chosen):
        say(
            f"scene has no findings for {str(recording_id)[:8]} ({state.file_name}),"
            f" which is {state.state}; {_advice(state)}"
        )
        return 1
    for line in explained(asked, chosen):
        show(line)
    return (
        1
        if all(isinstance(part.outcome, Failed) for part in chosen if part.analysis == "scene")
        else 0
    )


def sound(label: str) -> Asked:
    """The sound meant by a user: one of the scenes, or a class of AudioSet, in any case.

    Raises:
        Misconfigured: neither.
    """
    known = classes()
    for name, scene in (
        *((scene, scene) for scene in SCENES),
        *zip(known.names, known.scenes, strict=True),
    ):
        if name.lower() == label.strip().lower():
            return Asked(name, scene)
    near = sorted(name for name in known.names if label.strip().lower() in name.lower())[:5]
    hint = (
        f"similar ones are {'; '.join(near)}"
        if near and label.strip()
        else f"there are {', '.join(SCENES)}"
    )
    raise Misconfigured(
        "label",
        f"no sound is named {label!r}; {hint}; or name one of AudioSet's 521 classes, such as Dog",
    )


def _chosen(parts: Sequence[Part], chunk: int | None) -> list[Part]:
    chunks = sorted({part.chunk for part in parts})
    if chunk is not None and chunks and chunk not in chunks:
        raise Permanent(
            "unknown_chunk",
            f"there is no chunk {chunk}; the recording has {chunks[0]} to {chunks[-1]}",
        )
    return [part for part in parts if chunk in (None, part.chunk)]


def _advice(state: recordings.Progress) -> str:
    if state.error_code:
        return f"{state.error_code}: {state.error_detail}"
    if not state.state.closed:
        return "try again when it is done"
    return f"ask for it with `earshot rerun {str(state.id)[:8]} --analysis scene`"
