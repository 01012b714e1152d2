"""Trains the noise head on YAMNet's features, and evaluates it on ESC-50 folds and unseen
recordings.

python -m training.recipes.noise.on_yamnet --data ../shared/data --models ../shared/models --out
outputs/noise

The windows are those of ``training.recipes.noise.train``, kept in ``--out`` with YAMNet's features.
"""

import argparse
import tempfile
from pathlib import Path
from uuid import uuid4

import numpy as np
import torch

from earshot.analysis.noise_findings import NoiseFindings
from earshot.analysis.types import ChunkRef, Release
from earshot.audio.clip import Clip
from earshot.audio.plan import speech_in
from earshot.audio.prepare import prepare
from earshot.models.checkpoints.export import describe, export_torch
from earshot.models.checkpoints.location import sha256
from earshot.models.metadata import Evidence, HeadMetadata
from earshot.models.onnx_model import open_model
from earshot.models.sound.noise_on_yamnet import on_base
from earshot.settings import settings
from evaluation import label_map
from evaluation.manifest import read
from evaluation.measures.classification import Evaluation, evaluate, save_json
from training.data.datasets import folds, indices
from training.fitting.card import write_card
from training.fitting.crossval import Floats
from training.fitting.nets import Divided, Merged
from training.recipes.noise import sounds, zero_shot
from training.recipes.noise.evidence import evidence, section
from training.recipes.noise.heads import fitted
from training.recipes.noise.judged import (
    FINE,
    FOLDS,
    LABELS,
    Judged,
    Temperatures,
    further,
    matrix,
    measure,
)
from training.recipes.noise.windows import build, kept, telephoned
from workers.noise import NoiseModel, analyze

BASE = "yamnet-1"
WINDOWS = 25


def export(
    layer: torch.nn.Linear,
    path: Path,
    temperatures: Temperatures,
    limits: Floats,
    evidence: Evidence | None = None,
) -> None:
    """Exports the head for the worker: features in, logarithms of shares out."""
    example = np.random.default_rng(0).random((4, layer.in_features), np.float32)
    export_torch(
        Divided(Merged(layer, torch.from_numpy(matrix()), temperatures.window), further(limits)),
        path,
        example,
        ("features", "noise_log_shares"),
    )
    describe(
        path,
        HeadMetadata(
            labels=LABELS,
            fine_labels=FINE,
            base=BASE,
            temperature=1.0,
            pooled_temperature=temperatures.whole,
            evidence=evidence,
        ),
    )


def through_worker(found: Judged, heads: list[Path], data: Path, models: Path) -> list[Evaluation]:
    """Evaluates recordings whose label maps to a category in ``evaluation/labels/noise.toml``:
    decoded, cut and classified as in production, by the head trained without their fold."""
    mapping, manifest = (
        label_map.read("noise"),
        {data / row.path: row for row in read(data / "labels.jsonl")},
    )
    truths = [
        mapping.truth(manifest[row.path]).label if row.path in manifest else None
        for row in found.rows
    ]
    base = open_model(_release(models / "yamnet" / "yamnet.onnx"), settings())
    opened = [
        NoiseModel(on_base(base, head), WINDOWS, head.metadata(HeadMetadata).pooled_temperature)
        for head in (open_model(_release(path), settings()) for path in heads)
    ]
    results = []
    for name in ("noise/esc10", "noise/babycry"):
        chosen = [
            i for i, row in enumerate(found.rows) if row.source == name and truths[i] in LABELS
        ]
        shares = np.stack([answer(opened[found.fold[i]], found.rows[i].path) for i in chosen])
        groups = np.array([found.rows[i].group for i in chosen])
        wanted = indices(LABELS, [str(truths[i]) for i in chosen])
        results.append(
            evaluate(
                f"classes that map, {name}, through the worker", LABELS, wanted, shares, groups
            )
        )
    return results


def answer(model: NoiseModel, path: Path) -> Floats:
    """Shares of a recording: of its chunks, weighted by length."""
    with tempfile.TemporaryDirectory() as folder:
        ready = prepare(path, uuid4(), f"file://{folder}", mix=True)
        spans = [(span, speech_in(span, ready.utterances)) for span in ready.chunks]
        refs = [
            ChunkRef(
                recording_id=uuid4(), index=i, **span.model_dump(), audio_uri=ready.audio[16_000],
                sample_rate=16_000, channels=1, native_rate=ready.native_rate, speech=speech,
            )
            for i, (span, speech) in enumerate(spans)
        ]  # fmt: skip
        found_here = [
            each
            for each in analyze(model, [Clip(ref) for ref in refs])
            if isinstance(each, NoiseFindings)
        ]
    shares = np.array([[each.scores[label] for label in LABELS] for each in found_here], np.float32)
    return np.average(
        shares, axis=0, weights=[span.end_ms - span.start_ms for span, _ in spans]
    ).astype(np.float32)


def main(data: Path, models: Path, out: Path) -> None:
    """Fits a head for each fold and one on everything, evaluates, exports, writes the card."""
    (out / "heads").mkdir(parents=True, exist_ok=True)
    rows = sounds.recordings(data)
    material = kept(out / "material.npz", lambda: build(rows, sounds.voices(data), models))
    truth, fold = (
        indices(FINE, [row.label for row in rows]),
        folds([row.group for row in rows], FOLDS),
    )
    over = kept(out / "telephoned.npz", lambda: telephoned(rows, sounds.voices(data), models))
    heads = fitted(
        [material.features],
        material.windows,
        rows,
        truth,
        fold,
        zero_shot.targets(material.features, models),
    )
    found = heads.judged(material.features, material.windows)
    narrow = heads.judged(over.features, over.windows)
    known = evidence(found, narrow)
    paths = [out / "heads" / f"{k}.onnx" for k in range(FOLDS)]
    for k, path in enumerate(paths):
        export(heads.whole(k), path, found.without(k), heads.limits[k])
    results = [*through_worker(found, paths, data, models), *measure(found)]
    release = out / "on_yamnet"
    release.mkdir(exist_ok=True)
    export(
        heads.whole(-1),
        release / "noise_on_yamnet.onnx",
        found.without(-1),
        heads.limits[-1],
        known,
    )
    save_json(release / "evaluation.json", results)
    write_card("noise_on_yamnet", release, sounds.SETS, results, section(found, narrow, known))


def _release(path: Path) -> Release:
    return Release(
        analysis="noise",
        name=path.stem,
        runtime="onnx",
        uri=str(path.resolve()),
        sha256=sha256(path),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--data", "--models", "--out"):
        parser.add_argument(name, type=Path, required=True)
    arguments = parser.parse_args()
    main(arguments.data, arguments.models, arguments.out)
