"""Runs a training from its data to ``trained.json``; the same call continues one that was ended."""

import json
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout
from threadpoolctl import threadpool_limits

from earshot.analysis.errors import Misconfigured
from earshot.models.checkpoints.location import sha256
from evaluation.gate.unseen import DATA
from training.trainers import trained
from training.trainers.base import start, strictest
from training.trainers.data.listing import listed
from training.trainers.data.recordings import check_counts, checked
from training.trainers.data.split import Split, split
from training.trainers.identity import Identity
from training.trainers.options import Options
from training.trainers.trained import Trained, content_sha256
from training.trainers.trainer import STATE, Job, Trainer, trainer
from training.trainers.watch import Watch
from training.trainers.whole_files import check_space, replace_text

LOCK, HOLDOUT = ".training.lock", "holdout.jsonl"
SPEAKER = "speaker"
"""The label of models that learn to tell speakers apart."""
SPACE_FIXED, SPACE_EACH = 100_000_000, 400_000
"""Bytes of free space that a training asks for: at all, and for the features of a recording."""


def train(
    model: str,
    data: Path,
    out: Path,
    options: Options,
    watch: Watch,
    *,
    table: Path | None = None,
    fresh: bool = False,
) -> Trained:
    """Trains a model on labelled recordings.

    Args:
        model: a key of ``training.trainers.trainer.TRAINERS``.
        data: as ``training.trainers.data.listing.listed``; likewise ``table``.
        out: folder of the result. A training there that has not finished is continued; of one that
            has, the result is returned.
        fresh: begin anew; computed features stay.

    Raises:
        Stopped: the watch asked for it; the same call continues.
        Misconfigured: the data, an option, or what is in ``out`` is wrong.
        Unavailable: ``disk_full``.
    """
    with watch:
        found = trainer(model)
        out.mkdir(parents=True, exist_ok=True)
        try:
            # A recording is too little work to share: waiting threads of BLAS spin, and take ten
            # times the CPU of the work itself.
            with FileLock(out / LOCK, timeout=0), threadpool_limits(1):
                return _train(found, data, out, options, watch, table, fresh)
        except Timeout as error:
            raise Misconfigured("out", f"another process trains in {out}") from error


def _train(
    found: Trainer,
    data: Path,
    out: Path,
    options: Options,
    watch: Watch,
    table: Path | None,
    fresh: bool,
) -> Trained:
    begin = None if options.base is None else start(options.base, found.analysis)
    if begin and options.extend and begin.path.suffix != ".onnx":
        raise Misconfigured("base", f"--extend keeps labels of an .onnx file, not {begin.path}")
    rows = listed(
        data, SPEAKER if found.by_speaker else found.analysis, found.known(options), table
    )
    if found.by_speaker:
        rows = [replace(row, speaker=row.label, label=SPEAKER) for row in rows]
    recordings = checked(rows, options.longest, options.workers, watch)
    if not found.by_speaker:
        check_counts(recordings)
    check_space(out, SPACE_FIXED + SPACE_EACH * len(recordings))
    if fresh:
        for name in (STATE, trained.FILE):
            (out / name).unlink(missing_ok=True)
    identity = Identity(
        {
            "model": found.model,
            "options": options.deciding(),
            "features": found.features(options),
            "data": content_sha256(
                # with what divides them: sides that moved would let a state see the holdout
                (each.digest, f"{each.label} {each.key} {each.side or ''}")
                for each in recordings
            ),
            "base": begin.base.sha256 if begin else None,
        }
    )
    done = _finished(out, identity)
    if done is not None:
        return done
    sides = split(recordings, options.val_split, options.holdout, options.seed)
    present = {each.label for each in recordings} | found.generated(options)
    labels = tuple(name for name in found.known(options) if name in present) or tuple(
        sorted(present)
    )
    job = Job(sides, labels, options, identity, out, watch, begin)
    product = found.train(job)
    begin = product.start or begin
    with watch.stage("writing the result"):
        replace_text(out / HOLDOUT, found.holdout(sides.holdout, out))
        replace_text(out / DATA, _used(sides))
        result = Trained(
            model=found.model,
            analysis=found.analysis,
            runtime=found.runtime,
            checkpoint=product.checkpoint,
            sha256=sha256(out / product.checkpoint),
            labels=product.labels,
            features=found.features(options),
            data_sha256=identity.facts["data"],
            holdout=HOLDOUT,
            holdout_sha256=sha256(out / HOLDOUT),
            metrics=dict(product.metrics),
            licence=strictest(options.licence, *([begin.licence] if begin else [])),
            base=begin.base if begin else None,
            seconds=round(product.seconds, 1),
            seed=options.seed,
            options=options.model_dump(mode="json"),
        )
        trained.write(result, out)
        (out / STATE).unlink(missing_ok=True)
    return result


def _used(sides: Split) -> str:
    """Which recordings were used for what, by content: later releases are compared on others."""
    rows = [
        {"sha256": each.digest, "label": each.label, "side": side}
        for side, part in (("train", sides.train), ("val", sides.val), ("holdout", sides.holdout))
        for each in part
    ]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _finished(out: Path, identity: Identity) -> Trained | None:
    """The result that is there already.

    Raises:
        Misconfigured: it is of another training, or its checkpoint was changed.
    """
    path = out / trained.FILE
    if not path.exists():
        return None
    found = trained.read(out)
    there = {
        "model": found.model,
        "options": {k: v for k, v in found.options.items() if k in identity.facts["options"]},
        "features": found.features,
        "data": found.data_sha256,
        "base": identity.facts["base"] and found.base and found.base.sha256,
    }
    identity.check(there, path)
    checkpoint = out / found.checkpoint
    if not checkpoint.is_file() or sha256(checkpoint) != found.sha256:
        raise Misconfigured(
            "trained", f"{checkpoint} is not as it was written; start anew with --fresh"
        )
    return found
