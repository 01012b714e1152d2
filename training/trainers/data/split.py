"""Divides recordings by groups into training, validation and holdout."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from training.trainers.data.recordings import Recording

OUTSIDE = 2
"""Groups of every label outside the holdout: one to train on, one for validation."""


@dataclass(frozen=True)
class Split:
    """No group is on two sides."""

    train: tuple[Recording, ...]
    val: tuple[Recording, ...]
    holdout: tuple[Recording, ...]


def split(recordings: Sequence[Recording], val: float, holdout: float, seed: int) -> Split:
    """Divides recordings.

    The holdout's groups are chosen by the hash of their key alone, so a group stays in it, or out
    of it, when others are added. Groups that a label cannot do without are taken back.

    Args:
        val: share of the recordings outside the holdout; every label has one group there.
        holdout: share of the groups.
        seed: of the choice for validation.
    """
    held = _held(recordings, holdout)
    rest = [each for each in recordings if each.group not in held]
    judged = {each.group for each in rest if each.side == "val"}
    judged = judged or _judged(rest, val, seed)
    return Split(
        tuple(each for each in rest if each.group not in judged),
        tuple(each for each in rest if each.group in judged),
        tuple(each for each in recordings if each.group in held),
    )


def place(key: str) -> float:
    """The position of a group's key between 0 and 1."""
    return int(hashlib.sha256(key.encode()).hexdigest()[:12], 16) / 16**12


def _held(recordings: Sequence[Recording], share: float) -> set[str]:
    given = {each.group for each in recordings if each.side == "holdout"}
    if given:
        return given
    where = {each.group: place(each.key) for each in recordings if each.side != "val"}
    held = {group for group, at in where.items() if at < share}
    held = held or {min(where, key=lambda group: where[group])}
    divided = len(where) < len({each.group for each in recordings})
    of = _groups([each for each in recordings if each.group in where])
    for label in sorted(of):
        inside = sorted(of[label] & held, key=lambda group: where[group])
        # Validation of divided data has its groups already: one to train on is enough.
        lacking = (1 if divided else OUTSIDE) - len(of[label] - held)
        if lacking > 0:
            held -= set((inside if divided else inside[1:])[-lacking:])
    return held


def _judged(rest: Sequence[Recording], share: float, seed: int) -> set[str]:
    """Groups for validation: first one of every label, rare labels first, then until the share is
    reached. Every label keeps a group to train on."""
    of = _groups(rest)
    sizes = Counter(each.group for each in rest)
    labels: defaultdict[str, set[str]] = defaultdict(set)
    for each in rest:
        labels[each.group].add(each.label)
    key = {each.group: each.key for each in rest}
    order = sorted(sizes, key=lambda group: place(f"{seed} {key[group]}"))
    chosen: set[str] = set()

    def free(group: str) -> bool:
        left = (of[label] - chosen - {group} for label in labels[group])
        return group not in chosen and all(left)

    for label in sorted(of, key=lambda label: (len(of[label]), label)):
        if not of[label] & chosen:
            chosen |= set([group for group in order if group in of[label] and free(group)][:1])
    for group in order:
        done = sum(sizes[each] for each in chosen)
        if done + sizes[group] / 2 <= share * len(rest) and free(group):
            chosen.add(group)
    return chosen


def _groups(recordings: Sequence[Recording]) -> dict[str, set[str]]:
    """Groups of each label."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for each in recordings:
        found[each.label].add(each.group)
    return found
