"""Converts users' scikit-learn models of sentiment to a checkpoint that workers run without
scikit-learn (002-20, C-44)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from earshot.analysis.errors import Misconfigured, one_line
from earshot.audio.features.utterance import FEATURES, WIDTH
from earshot.models.checkpoints.export import check_parity, describe
from earshot.models.metadata import SentimentMetadata
from training.importers.role_graph import FLOOR, Chain, Part, join_roles
from training.importers.trusted_pickle import loaded

LABELS = ("negative", "neutral", "positive")  # C-06

TOLERANCE = 0.02
"""Maximum difference between a converted model and the original, in log shares or margins: trees
compare rounded numbers."""


@dataclass(frozen=True)
class Brought:
    """A fitted classifier of one role, with the position in ``LABELS`` of each of its classes."""

    pipeline: Any  # sklearn.pipeline.Pipeline
    order: tuple[int, ...]
    files: tuple[tuple[str, str], ...]  # name and sha256

    @property
    def gives_shares(self) -> bool:
        return hasattr(self.pipeline, "predict_proba")

    def scores(self, features: Any) -> Any:
        """Log shares or margins in the order of ``LABELS``."""
        found = (
            self.pipeline.predict_proba(features)
            if self.gives_shares
            else self.pipeline.decision_function(features)
        )
        ordered = found @ np.eye(len(LABELS))[list(self.order)]
        return (np.log(ordered + FLOOR) if self.gives_shares else ordered).astype(np.float32)

    def part(self, role: str) -> Part:
        """The same as a graph."""
        chain = (
            Chain(role)
            .model(self.pipeline, WIDTH)
            .then("MatMul", np.eye(len(LABELS))[list(self.order)])
        )
        return (chain.then("Add", FLOOR).then("Log") if self.gives_shares else chain).part(
            len(LABELS)
        )


def converted(
    roles: Mapping[str, Sequence[Path]],
    contents: Mapping[Path, bytes],
    names: Sequence[str],
    out: Path,
) -> None:
    """Writes one checkpoint for all roles.

    Args:
        roles: role to its files, in the order in which they are applied to the features: scaler,
            classifier.
        contents: verified bytes of each file.
        names: names of the classes, for classifiers whose classes are numbers.

    Raises:
        Misconfigured: as ``loaded``; or something is not a classifier, expects other features, has
            other labels, or has no ONNX form.
    """
    brought = {
        role: bring({path: contents[path] for path in paths}, names)
        for role, paths in roles.items()
    }
    try:
        join_roles({role: model.part(role) for role, model in brought.items()}, WIDTH, out)
    except Exception as error:  # the converter's errors have no common root
        reason = one_line(error)
        raise Misconfigured(
            "conversion", f"a step has no ONNX form: {reason}; use what scikit-learn itself has"
        ) from error
    examples = np.random.default_rng(0).standard_normal((64, WIDTH)).astype(np.float32)
    for role, model in brought.items():
        shifted = _typical(model.pipeline, examples)
        check_parity(out, shifted, {role: model.scores(shifted)}, TOLERANCE)
    metadata = SentimentMetadata(
        labels=LABELS,
        features=FEATURES,
        temperature=dict.fromkeys(brought, 1.0),
        made_from={role: dict(model.files) for role, model in brought.items()},
    )
    describe(out, metadata)


def bring(contents: Mapping[Path, bytes], names: Sequence[str]) -> Brought:
    """The classifier of one role, the last file, with the preceding steps."""
    from sklearn.pipeline import Pipeline

    paths = tuple(contents)
    steps = [
        (f"step{i}", loaded(path, content)) for i, (path, content) in enumerate(contents.items())
    ]
    for (_, step), path in zip(steps[:-1], paths[:-1], strict=True):
        if not hasattr(step, "transform"):
            raise Misconfigured(
                "scaler",
                f"{path} holds a {type(step).__name__}, which transforms nothing; name the scaler"
                " first",
            )
    classifier = steps[-1][1]
    if not hasattr(classifier, "classes_") or not hasattr(classifier, "predict"):
        raise Misconfigured(
            "classifier",
            f"{paths[-1]} holds a {type(classifier).__name__}, which is no fitted scikit-learn"
            " classifier",
        )
    wanted = getattr(steps[0][1], "n_features_in_", None)
    if wanted != WIDTH:
        raise Misconfigured(
            "features",
            f"{paths[0]} wants {wanted} features, earshot.audio.features.utterance.describe gives"
            f" {WIDTH} ({FEATURES}); train it on these",
        )
    files = tuple(
        (path.name, hashlib.sha256(content).hexdigest()) for path, content in contents.items()
    )
    return Brought(Pipeline(steps), _order(paths[-1], classifier.classes_.tolist(), names), files)


def _order(path: Path, classes: Sequence[Any], names: Sequence[str]) -> tuple[int, ...]:
    """Position in ``LABELS`` of each class."""
    called = [str(name).strip().lower() for name in names or classes]
    if sorted(called) != sorted(LABELS) or len(called) != len(classes):
        raise Misconfigured(
            "labels",
            f"{path} tells {classes} apart, not {', '.join(LABELS)}; say what its classes are with"
            " --labels, in this order",
        )
    return tuple(LABELS.index(name) for name in called)


def _typical(pipeline: Any, examples: Any) -> Any:
    """Examples near the first step's training data, so that the comparison covers the range in
    which the model discriminates."""
    scaler = pipeline.steps[0][1]
    mean, scale = getattr(scaler, "mean_", None), getattr(scaler, "scale_", None)
    return (
        examples if mean is None or scale is None else (examples * scale + mean).astype(np.float32)
    )
