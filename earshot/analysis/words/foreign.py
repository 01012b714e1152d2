"""Decides which stretches of a voice are in a language that their recogniser does not know.

Each stretch has log odds of its own. They are joined by a hidden Markov model of two states, the
recogniser's language and another one, since a voice seldom changes its language: a short stretch
follows its neighbours, a long one in another language stands alone.
"""

from collections.abc import Sequence
from math import exp, log, log1p

PRIOR = 0.1
"""Share of voices that speak another language than the one that was named."""
CHANGE = 0.005
"""Probability that the language changes between two stretches: a conversation has hundreds of them,
and changes its language a few times if at all."""
FOREIGN = 0.5
"""Probability above which a stretch is in another language than its recogniser's."""


def other_language(log_odds: Sequence[float | None]) -> list[float]:
    """Probability of another language, of each stretch of one voice in order of time (the forward
    and backward algorithm, Rabiner 1989). Entries without odds follow their neighbours."""
    if not log_odds:
        return []
    heard = [value or 0.0 for value in log_odds]
    start = (log1p(-PRIOR), log(PRIOR))
    forward: list[tuple[float, float]] = []
    for value in heard:
        before = _moved(forward[-1]) if forward else start
        forward.append((before[0], before[1] + value))
    backward = [(0.0, 0.0)]
    for value in reversed(heard[1:]):
        after = backward[-1]
        backward.append(_moved((after[0], after[1] + value)))
    return [
        1 / (1 + exp(min(700.0, (own + past) - (other + later))))
        for (own, other), (past, later) in zip(forward, reversed(backward), strict=True)
    ]


def _moved(state: tuple[float, float]) -> tuple[float, float]:
    """Natural logs of both states after a possible change."""
    own, other = state
    stays, changes = log1p(-CHANGE), log(CHANGE)
    return _sum(own + stays, other + changes), _sum(other + stays, own + changes)


def _sum(a: float, b: float) -> float:
    """Natural log of the sum of two numbers given by their logs."""
    return max(a, b) + log1p(exp(-abs(a - b)))
