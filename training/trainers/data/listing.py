"""Lists labelled recordings: a table, a manifest, or a folder for every label."""

import csv
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from earshot.analysis.errors import Misconfigured
from earshot.audio.files import SUFFIXES, find_audio
from evaluation import label_map, manifest
from training.trainers.data import speakers

log = logging.getLogger(__name__)

TABLE, MANIFEST = "labels.csv", "labels.jsonl"
SIDES = {
    "train": ("train", "training"),
    "val": ("val", "valid", "validation", "dev"),
    "holdout": ("test", "holdout"),
}
"""Folders that divide the data already, as [004] has them."""
CORRECTION = "correction"
"""Key of a row that is the clip of a correction."""
NAMED = 5
"""Files that an error names at most."""
ABOVE = 3
"""Folders above the data in which a manifest is looked for."""

Side = Literal["train", "val", "holdout"]


@dataclass(frozen=True)
class Listed:
    """A labelled recording as its list has it."""

    path: Path
    label: str
    name: str
    """Path in the list, or below the folder."""
    speaker: str | None = None
    """None: unknown. Recordings of one speaker are never divided."""
    side: Side | None = None
    """Where the data is divided already."""


def listed(
    data: Path, analysis: str, labels: Sequence[str], table: Path | None = None
) -> list[Listed]:
    """The recordings of ``labels.csv``, of a manifest, or below a folder for every label, in a
    fixed order.

    Args:
        data: a folder, a table or a manifest. Of a folder that has neither, but lies below one with
            ``labels.jsonl``, the rows of that.
        labels: those the model knows; empty: any.
        table: the table; by default ``labels.csv`` in the folder.

    Raises:
        Misconfigured: ``data``, nothing is there, or a label is unknown; names files.
    """
    if not data.exists():
        raise Misconfigured("data", f"{data}: there is no such folder or file")
    if table is not None or data.is_file():
        table = table or data
        if table.suffix == ".jsonl":
            return _of_manifest(table, table.parent, analysis, labels)
        return _known(_of_table(table, data if data.is_dir() else data.parent), labels, table)
    if (data / TABLE).is_file():
        return _known(_of_table(data / TABLE, data), labels, data / TABLE)
    divided = {side: folder for side in SIDES if (folder := _side(data, side)) is not None}
    if "train" in divided and "val" in divided:
        return [
            replace(each, side=side, name=f"{folder.name}/{each.name}")
            for side, folder in divided.items()
            for each in listed(folder, analysis, labels)
        ]
    here = data.absolute()
    for folder in (here, *list(here.parents)[:ABOVE]):
        if (folder / MANIFEST).is_file():
            return _of_manifest(folder / MANIFEST, here, analysis, labels)
    return _of_folders(data, labels)


def spelled(label: str, labels: Sequence[str]) -> str:
    """The label as the model spells it: ``Baby crying`` is ``baby_crying``; else as it stands."""
    plain = "_".join(label.strip().lower().replace("-", " ").split())
    return plain if plain in labels else label.strip()


def some(names: Sequence[str]) -> str:
    """The first of many names."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _side(data: Path, side: str) -> Path | None:
    return next((data / name for name in SIDES[side] if (data / name).is_dir()), None)


def _of_table(table: Path, root: Path) -> list[Listed]:
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file, skipinitialspace=True))
    except OSError as error:
        raise Misconfigured(
            "data",
            f"{table}: {error.strerror}; give it columns path and label, or name a folder"
            " that has a folder for every label",
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise Misconfigured("data", f"{table} is no table in UTF-8: {error}") from error
    rows = [{str(k or "").strip().lower(): v for k, v in row.items()} for row in rows]
    if not rows or not {"path", "label"} <= set(rows[0]):
        raise Misconfigured(
            "data", f"{table} needs a first line `path,label` and a line for each file"
        )
    found, missing, empty = [], [], []
    for number, row in enumerate(rows, 2):
        name = (row["path"] or "").strip().replace("\\", "/")
        label = (row["label"] or "").strip()
        if not name or not label:
            empty.append(f"line {number}")
            continue
        path = _existing(name, table.parent, root)
        if path is None:
            missing.append(f"{name} (line {number})")
            continue
        speaker = (row.get("speaker") or "").strip() or speakers.speaker(name)
        found.append(Listed(path, label, name, speaker))
    if empty:
        raise Misconfigured("data", f"{table} has no path or no label in {some(empty)}")
    if missing:
        raise Misconfigured(
            "data", f"{len(missing)} of {len(rows)} files of {table} are missing: {some(missing)}"
        )
    return found


def _existing(name: str, *roots: Path) -> Path | None:
    """Below the table's folder or the data, or in ``audio`` there ([001] has ``data/audio/``)."""
    places = [place for root in roots for place in (root / name, root / "audio" / name)]
    return next((place for place in places if place.is_file()), None)


def _of_manifest(path: Path, below: Path, analysis: str, labels: Sequence[str]) -> list[Listed]:
    """Rows below a folder with a label of the analysis; rows without one are left out, as
    ``earshot evaluate`` does. So are clips of corrections (``earshot label export``) that are gone:
    they were deleted with their recording since."""
    mapping, root = label_map.read(analysis), path.parent
    found, missing, deleted = [], [], 0
    for row in manifest.read(path):
        truth = mapping.truth(row).label
        label = None if truth is None else mapping.among(truth, labels) if labels else truth
        place = root / row.path
        if label is None or not place.absolute().is_relative_to(below.absolute()):
            continue
        if not place.is_file():
            if CORRECTION in (row.model_extra or {}):
                deleted += 1
            else:
                missing.append(row.path)
            continue
        found.append(Listed(place, label, row.path, row.speaker or speakers.speaker(row.path)))
    if missing:
        raise Misconfigured("data", f"{len(missing)} files of {path} are missing: {some(missing)}")
    if deleted:
        log.warning("%d clips of %s were deleted with their recordings", deleted, path)
    if not found:
        raise Misconfigured(
            "data", f"{path} has no recording below {below} with a label for {analysis}"
        )
    return found


def _of_folders(data: Path, labels: Sequence[str]) -> list[Listed]:
    """The label of a file is the first folder on its way whose name is a label; with any labels,
    the first folder."""
    found, strange = [], []
    for path in find_audio([data]):
        if not path.is_file():
            continue
        name = path.relative_to(data).as_posix()
        folders = [spelled(part, labels) for part in name.split("/")[:-1]]
        label = next((each for each in folders if not labels or each in labels), None)
        if label is None:
            strange.append(name)
        else:
            found.append(Listed(path, label, name, speakers.speaker(name)))
    if strange:
        raise Misconfigured(
            "data",
            f"{len(strange)} recordings of {data} lie in no folder of a label: {some(strange)};"
            f" labels are {', '.join(labels)}",
        )
    if not found:
        raise Misconfigured(
            "data",
            f"{data} has neither {TABLE} nor {MANIFEST} nor a folder of recordings"
            f" ({', '.join(sorted(SUFFIXES)[:8])}, ...) for every label",
        )
    return found


def _known(rows: Sequence[Listed], labels: Sequence[str], table: Path) -> list[Listed]:
    rows = [replace(row, label=spelled(row.label, labels)) for row in rows]
    strange = [f"{row.name} ({row.label})" for row in rows if labels and row.label not in labels]
    if strange:
        raise Misconfigured(
            "data",
            f"{table} has labels that the model does not know: {some(strange)}; it knows"
            f" {', '.join(labels)}",
        )
    return rows
