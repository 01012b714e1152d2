"""Shares of a whole, rounded so that they still sum to one."""

from collections.abc import Mapping
from math import floor, fsum

from earshot.analysis.findings import Scores

STEPS = 10_000
"""Shares are whole multiples of 1 / STEPS, so that the same audio gives the same bytes on every
machine."""


def rounded_shares(weights: Mapping[str, float]) -> Scores:
    """Label to share of the total, in ``STEPS``; negative weights count as 0, at least one must be
    above it. The largest remainders are rounded up, so that the sum stays 1 (000-21); of equals the
    first by name, for Postgres gives labels back in another order than the models."""
    above = {label: max(weight, 0.0) for label, weight in weights.items()}
    total = fsum(above.values())
    exact = {label: weight * STEPS / total for label, weight in above.items()}
    steps = {label: floor(value) for label, value in exact.items()}
    by_remainder = sorted(exact, key=lambda label: (steps[label] - exact[label], label))
    for label in by_remainder[: STEPS - sum(steps.values())]:
        steps[label] += 1
    return {label: step / STEPS for label, step in steps.items()}
