"""The model of each role: scaled and projected features, then a support vector machine or a random
forest (002-20)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import RandomForestRegressor
from sklearn.svm import SVC

from earshot.models.scoring import softmax
from training.fitting.crossval import Floats, Ints
from training.importers.role_graph import FLOOR, Chain, Part
from training.importers.svm_graph import margins

TREES = 120
SHARPNESS = 2.0
"""Factor of a machine's margins before the softmax that gives the share of no speech; a
temperature, fitted later, compensates it for speech."""


@dataclass(frozen=True)
class Lesson:
    """Training data of a model. The last ``nothing`` rows are sounds without speech."""

    features: Floats
    truth: Ints  # label of each row of speech
    kind: Ints  # its emotion, of which a label has several
    weight: Floats  # of each row of speech
    nothing: int
    labels: int

    def wanted(self) -> Floats:
        """Target shares of each row; sounds without speech have a uniform target."""
        even = np.full((self.nothing, self.labels), 1 / self.labels, np.float32)
        return np.concatenate([np.eye(self.labels, dtype=np.float32)[self.truth], even])


@dataclass(frozen=True)
class RoleModel:
    """A fitted model. Its scores are log shares of the labels, to be divided by a temperature."""

    matrix: Floats  # (features, projected): scaler and projection in one
    offset: Floats  # (projected,)
    # the estimator gets the features themselves too, before the projected ones; trees need no
    # scaler
    beside: bool
    estimator: SVC | RandomForestRegressor
    bias: Floats  # (labels,), see ``training.fitting.prior``

    def inputs(self, features: Floats) -> Floats:
        """Inputs of the estimator."""
        projected = (features @ self.matrix + self.offset).astype(np.float32)
        return np.concatenate([features, projected], axis=1) if self.beside else projected

    def scores(self, features: Floats) -> Floats:
        """Shape (rows, labels)."""
        given = self.inputs(features)
        if isinstance(self.estimator, SVC):
            shares = softmax(
                (SHARPNESS * self.estimator.decision_function(given)).astype(np.float32)
            )
            shares = shares[:, :-1] + shares[:, -1:] / (shares.shape[1] - 1)
        else:
            shares = self.estimator.predict(given)
        return (np.log(shares + FLOOR) + self.bias).astype(np.float32)

    def part(self, role: str) -> Part:
        """The same as a graph."""
        labels = len(self.bias)
        chain = Chain(role).then("MatMul", self.matrix).then("Add", self.offset)
        if self.beside:
            chain = chain.beside()
        if isinstance(self.estimator, SVC):
            spread = np.concatenate([np.eye(labels), np.full((1, labels), 1 / labels)])
            chain = (
                margins(chain, self.estimator)
                .then("Mul", SHARPNESS)
                .then("Softmax", axis=1)
                .then("MatMul", spread)
            )
        else:
            chain = chain.model(self.estimator, self.estimator.n_features_in_)
        return chain.then("Add", FLOOR).then("Log").then("Add", self.bias).part(labels)

    def biased(self, bias: Floats) -> "RoleModel":
        """The same with a bias."""
        return replace(self, bias=bias)


def machine(lesson: Lesson, components: int = 64) -> RoleModel:
    """A support vector machine with radial kernel for the labels and one more, no speech, on
    principal components: these keep the support vectors small, and quality is the same within the
    interval."""
    mean, std = _scale(lesson)
    rotated = PCA(components, random_state=0).fit((lesson.features - mean) / std)
    matrix = rotated.components_.T / std[:, None]
    offset = -(mean / std + rotated.mean_) @ rotated.components_.T
    known = np.concatenate([lesson.truth, np.full(lesson.nothing, lesson.labels)])
    svc = SVC(C=2.0, gamma="scale", class_weight="balanced")
    model = RoleModel(
        matrix.astype(np.float32),
        offset.astype(np.float32),
        False,
        svc,
        np.zeros(lesson.labels, np.float32),
    )
    svc.fit(model.inputs(lesson.features), known)
    return model


def forest(lesson: Lesson, directions: bool, trees: int = TREES) -> RoleModel:
    """A random forest whose leaves contain shares of the labels: one-hot targets make variance the
    impurity of Gini, and allow uniform targets for sounds without speech.

    Args:
        directions: give the trees also the directions that separate emotions best (linear
            discriminants): a tree splits along one input at a time.
    """
    mean, std = _scale(lesson)
    axes = (
        _discriminants((lesson.features - mean) / std, lesson)
        if directions
        else np.zeros((len(mean), 1))
    )
    grown = RandomForestRegressor(
        trees, max_leaf_nodes=128, min_samples_leaf=5, max_features=24, random_state=0
    )
    matrix, offset = (
        (axes / std[:, None]).astype(np.float32),
        (-(mean / std) @ axes).astype(np.float32),
    )
    model = RoleModel(matrix, offset, True, grown, np.zeros(lesson.labels, np.float32))
    weight = np.concatenate([lesson.weight, np.full(lesson.nothing, lesson.weight.mean())])
    grown.fit(model.inputs(lesson.features), lesson.wanted(), sample_weight=weight)
    return model


def _scale(lesson: Lesson) -> tuple[Floats, Floats]:
    speech = lesson.features[: len(lesson.truth)]
    return speech.mean(axis=0), speech.std(axis=0) + 1e-6


def _discriminants(scaled: Floats, lesson: Lesson) -> Floats:
    speech = scaled[: len(lesson.kind)]
    found = LinearDiscriminantAnalysis(solver="eigen", shrinkage=0.1).fit(speech, lesson.kind)
    axes = found.scalings_[:, : len(found.classes_) - 1]
    return axes / (speech @ axes).std(axis=0)


@dataclass(frozen=True)
class Recipe:
    """How the model of a role is trained."""

    fit: Callable[[Lesson], RoleModel]
    takes: int  # the first so many of each utterance, see ``Speech.takes``


RECIPES: Mapping[str, Recipe] = {
    "customer": Recipe(machine, 2),
    "agent": Recipe(lambda lesson: forest(lesson, True), 3),
}
