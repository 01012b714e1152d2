"""A support vector machine with radial kernel as matrix products.

ONNX has an operator for it, which takes a millisecond a row with 6,000 support vectors; this takes
a twentieth, and half of the space.
"""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from sklearn.svm import SVC

from training.importers.role_graph import Chain

Doubles = NDArray[np.float64]


def margins(chain: Chain, machine: SVC) -> Chain:
    """Appends the output of ``decision_function`` for three or more classes: votes of the pairs of
    classes, and their confidence."""
    vectors, gamma = (
        machine.support_vectors_,
        machine._gamma,
    )  # the value of "scale" has no public name
    rows = chain.given
    squares = (
        chain.node("ReduceSumSquare", rows, chain.constant([1], np.int64), keepdims=1)
        .then("Mul", -gamma)
        .given
    )
    rounded = vectors.astype(np.float16)
    stored = chain.node("Cast", chain.constant(rounded.T, np.float16), to=1).given
    scaled = chain.node("Mul", rows, chain.constant(2 * gamma)).given
    own = -gamma * np.square(rounded.astype(np.float64)).sum(axis=1)
    exponent = chain.node("MatMul", scaled, stored).then("Add", own).given
    kernel = chain.node("Add", exponent, squares).then("Exp")
    decision = kernel.then("MatMul", pairwise(machine)).then("Add", machine.intercept_).given
    return _votes(chain, decision, len(machine.classes_))


def pairwise(machine: SVC) -> Doubles:
    """Weight of each support vector in the decision between each pair of classes, shape (vectors,
    pairs).

    Source: libsvm's layout of ``dual_coef_``, as in scikit-learn's user guide, 1.4.1.1.
    """
    owner = np.repeat(np.arange(len(machine.classes_)), machine.n_support_)
    columns = []
    for first, second in combinations(range(len(machine.classes_)), 2):
        in_first, in_second = machine.dual_coef_[second - 1], machine.dual_coef_[first]
        columns.append(
            np.where(owner == first, in_first, 0) + np.where(owner == second, in_second, 0)
        )
    return np.stack(columns, axis=1)


def _votes(chain: Chain, decision: str, classes: int) -> Chain:
    pairs = list(combinations(range(classes), 2))
    firsts, seconds = (np.eye(classes)[[pair[side] for pair in pairs]] for side in (0, 1))
    lost = chain.node("Less", decision, chain.constant(0.0)).then("Cast", to=1)
    votes = lost.then("MatMul", seconds - firsts).then("Add", firsts.sum(axis=0)).given
    confidence = chain.node("MatMul", decision, chain.constant(firsts - seconds)).given
    size = chain.then("Abs").then("Add", 1.0).then("Mul", 3.0).given
    scaled = chain.node("Div", confidence, size).given
    return chain.node("Add", votes, scaled)
