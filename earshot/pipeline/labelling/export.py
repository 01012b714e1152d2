"""Writes what people have corrected and confirmed as data that ``earshot train`` reads."""

import hashlib
import hmac
import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from filelock import FileLock, Timeout

from earshot.analysis.corrections.taught import KINDS, Example, taught
from earshot.analysis.errors import BadAudio, Misconfigured, Permanent
from earshot.analysis.report.report import Report
from earshot.pipeline.labelling.clips import CLIPS, clip_name, cut, sweep
from earshot.registry import analyses
from earshot.settings import Settings
from earshot.storage.labels import data
from earshot.storage.labels.data import Data
from earshot.storage.postgres import corrections, recordings
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.recordings import Recording

MANIFEST, VERSION = "labels.jsonl", "version.json"
LOCK, NEW = ".labels.lock", ".new"
OURS = {CLIPS, LOCK, *(f"{name}{end}" for name in (MANIFEST, VERSION) for end in ("", NEW))}
FIELD = {model: model for model in KINDS} | {"voices": "speaker"}
"""Key of the label in a row of the manifest, as the label maps of the evaluation read it."""
OF_MODEL = {"voices": "diarization"}
"""Analysis whose sound a model is trained on, where the names differ."""


class Written(Data):
    """A revision, as ``version.json`` has it."""

    revision: int


def export(connection: Connection, model: str, folder: Path, by: str, config: Settings) -> Written:
    """Writes clips and ``labels.jsonl`` of all corrections that teach a model, and stores the
    revision. The same corrections give the same revision, in any folder; in a folder that holds an
    earlier one, what is no longer part of it is removed.

    Args:
        by: who asks for it.

    Raises:
        Misconfigured: ``to``, the folder holds other files, or another process writes there.
        Permanent: ``no_labels``, nothing can be written; ``unwritable``.
        Unavailable: the store or Postgres does not answer.
    """
    folder = folder.absolute()
    before = _rows(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / LOCK, timeout=0):
            return _export(connection, model, folder, before, by, config)
    except Timeout as error:
        raise Misconfigured("to", f"another process writes labels to {folder}") from error
    except OSError as error:
        raise Permanent("unwritable", f"{folder}: {error.strerror or error}") from error


def _export(
    connection: Connection,
    model: str,
    folder: Path,
    before: list[dict[str, Any]],
    by: str,
    config: Settings,
) -> Written:
    left: Counter[str] = Counter()
    rows, salt = [], data.salt(connection)
    for recording, example in _examples(connection, model, left, config):
        voice = _voice(salt, recording.tenant, example.name) if example.name else None
        row = _written(connection, model, folder, recording, example, voice)
        if row is None:
            left["no_sound"] += 1
        else:
            rows.append(row)
    here = [row for row in rows if (folder / row["path"]).is_file()]  # not deleted meanwhile
    left["no_sound"] += len(rows) - len(here)
    named = {UUID(row["recording"]) for row in before}
    left["deleted"] += len(data.gone(connection, named))
    rows = _agreed(here, FIELD[model], left)
    counted = {key: count for key, count in sorted(left.items()) if count}
    if not rows:
        for name in (MANIFEST, VERSION):  # of an earlier revision, none of which may be trained on
            (folder / name).unlink(missing_ok=True)
        sweep(folder, set())
        reasons = ", ".join(f"{count} {key}" for key, count in counted.items()) or "none was made"
        raise Permanent("no_labels", f"no correction can teach {model}: {reasons}")
    found = Data(
        model=model,
        sha256=_digest(rows, FIELD[model]),
        examples=len(rows),
        recordings=len({row["recording"] for row in rows}),
        labels=dict(sorted(Counter(row[FIELD[model]] for row in rows).items())),
        left_out=counted,
        folder=str(folder),
        made_by=by,
    )
    written = Written(**found.model_dump(), revision=data.put(connection, found))
    _replace(folder / MANIFEST, "".join(json.dumps(row) + "\n" for row in rows))
    sweep(folder, {row["path"] for row in rows})
    _replace(folder / VERSION, written.model_dump_json(indent=2) + "\n")
    return written


def _examples(
    connection: Connection, model: str, left: Counter[str], config: Settings
) -> Iterator[tuple[Recording, Example]]:
    """All of them, recording by recording; what is left out is counted."""
    for recording_id in data.corrected(connection, KINDS[model]):
        recording = recordings.get(connection, recording_id)
        stored = corrections.read(connection, recording_id)
        if recording is None or stored is None:
            continue
        if not config.may_train_on(str(recording.request.get("uri", "")), recording.tenant):
            left["forbidden"] += 1
        elif recording.is_withheld:
            left["redacted"] += 1
        else:
            report = Report.model_validate(stored.body)
            found, without = taught(report, stored.corrections, model)
            left.update(without)
            yield from ((recording, each) for each in found)


def _written(
    connection: Connection,
    model: str,
    folder: Path,
    recording: Recording,
    example: Example,
    voice: str | None,
) -> dict[str, Any] | None:
    """The row of an example, with its clip; None if its sound is gone."""
    name, rate = clip_name(recording, example), _rate(model)
    try:
        digest = cut(connection, recording.id, example, rate, folder / name)
    except BadAudio:
        return None
    group = f"recording-{recording.sha256 or recording.id}"
    return {
        "path": name,
        "speaker": voice or group,
        FIELD[model]: voice if model == "voices" else example.label,
        "recording": str(recording.id),
        "channel": example.channel,
        "start_ms": example.start_ms,
        "end_ms": example.end_ms,
        "how": "confirmed" if example.confirmed else "corrected",
        "correction": str(example.correction),
        "version": example.version,
        "sha256": digest,
    }


def _rate(model: str) -> int:
    return analyses()[OF_MODEL.get(model, model)].sample_rate


def _voice(salt: UUID, tenant: str, name: str) -> str:
    """A speaker without the name: the same name of one tenant is the same voice."""
    digest = hmac.new(salt.bytes, f"{tenant} {name}".encode(), hashlib.sha256)
    return f"voice-{digest.hexdigest()[:16]}"


def _agreed(rows: list[dict[str, Any]], field: str, left: Counter[str]) -> list[dict[str, Any]]:
    """Without rows of the same sound under several labels, as of a recording that was forced in
    again: a trainer refuses them."""
    labels = defaultdict(set)
    for row in rows:
        labels[row["sha256"]].add(row[field])
    kept = [row for row in rows if len(labels[row["sha256"]]) == 1]
    left["contradicted"] += len(rows) - len(kept)
    return kept


def _digest(rows: list[dict[str, Any]], field: str) -> str:
    lines = sorted(f"{row['sha256']} {row[field]} {row['speaker']}" for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _rows(folder: Path) -> list[dict[str, Any]]:
    """The manifest of an earlier revision in the folder; empty without one.

    Raises:
        Misconfigured: ``to``, it holds something else.
    """
    others = [each.name for each in folder.glob("*") if each.name not in OURS]
    if others or (folder.exists() and not folder.is_dir()):
        what = f"holds {others[0]}, which is not ours" if others else "is no folder"
        raise Misconfigured("to", f"{folder} {what}; name a new folder")
    try:
        lines = (folder / MANIFEST).read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise Misconfigured("to", f"{folder / MANIFEST} is no manifest of ours: {error}") from error


def _replace(path: Path, text: str) -> None:
    new = path.with_name(f"{path.name}{NEW}")
    new.write_text(text, encoding="utf-8")
    os.replace(new, path)
