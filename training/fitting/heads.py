"""Linear probe on frozen features, fitted in seconds."""

import numpy as np
import torch

from training.fitting.crossval import Floats

COMPONENTS = 128
"""Principal components of the features, which contain 97 % of YAMNet's variance."""
STRENGTH = 0.01  # inverse of the penalty on weights
COUNTED = 0.1  # minimum target share of a window that counts
EVERY = 3
"""Of many windows, one in so many determines the components: neighbours overlap."""


def head(features: Floats, wanted: Floats, rare: float) -> torch.nn.Linear:
    """Logistic regression on standardised principal components, as one linear layer.

    Args:
        features: shape (windows, features).
        wanted: shares of the labels, shape (windows, labels); of two labels at least.
        rare: weight of rare labels: 0 by their frequency, 1 all equal, 0.5 by the root.
    """
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression

    some = features[::EVERY] if len(features) >= EVERY * COMPONENTS else features
    components = min(COMPONENTS, *some.shape)
    reduced = PCA(components, svd_solver="randomized", random_state=0).fit(some)
    scale = np.sqrt(reduced.explained_variance_) + 1e-3
    rows, labels = np.nonzero(wanted > COUNTED)
    share = wanted[rows, labels]
    counts = share / np.bincount(labels, weights=share)[labels] ** rare
    fitted = LogisticRegression(C=STRENGTH, max_iter=200).fit(
        (reduced.transform(features) / scale)[rows], labels, sample_weight=counts / counts.mean()
    )
    weight = np.zeros((wanted.shape[1], features.shape[1]))
    bias = np.full(wanted.shape[1], -30.0)  # of labels without training data
    coefficients, intercepts = fitted.coef_, fitted.intercept_
    if len(fitted.classes_) == 2:  # scikit-learn has the second class's alone
        coefficients, intercepts = (
            np.concatenate([np.zeros_like(each), each]) for each in (coefficients, intercepts)
        )
    weight[fitted.classes_] = (coefficients / scale) @ reduced.components_
    bias[fitted.classes_] = intercepts - weight[fitted.classes_] @ reduced.mean_
    layer = torch.nn.Linear(features.shape[1], wanted.shape[1])
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight))
        layer.bias.copy_(torch.from_numpy(bias))
    return layer


def answers(layer: torch.nn.Linear, features: Floats) -> Floats:
    """Logits, shape (windows, labels)."""
    with torch.no_grad():
        logits: Floats = layer(torch.from_numpy(features.astype(np.float32))).numpy()
    return logits
