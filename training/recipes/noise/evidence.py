"""The evidence for every label, of full-band sound and of sound over telephone codecs, and what an
answer that abstains by it is worth on the folds that it was not fitted on."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.noise_labels import CLASSIFIED
from earshot.models.metadata import Band, Evidence, Tally
from earshot.models.sound.abstaining import FEWEST, SILENCE, answered, lowest
from training.fitting.crossval import Floats, Ints
from training.recipes.noise import sounds
from training.recipes.noise.judged import FOLDS, LABELS, REST, Judged

TARGET = 0.9
"""Accuracy that the answers above the lowest confidence are to have on recorded noise; and those
of ``OWN`` on everything."""
LIMITS = np.arange(0.30, 0.91, 0.05).round(2).tolist()
LIKELY = 0.5
"""``OWN`` have a confidence of their own, from this on."""
OWN = (SILENCE, REST)
"""That there is nothing, or something without a name, is claimed as surely by much less confidence
than which of the sounds that resemble each other it is."""


def evidence(wide: Judged, narrow: Judged) -> Evidence:
    """Out of all folds, each answered by the head trained without it.

    Args:
        wide: full-band sound.
        narrow: the same recordings over telephone codecs; temperatures are those of ``wide``.
    """
    everything = np.ones(len(wide.rows), bool)
    return Evidence(
        wide=_band(wide, wide.held_out(), everything),
        narrow=_band(narrow, narrow.held_out(wide), everything),
    )


def section(wide: Judged, narrow: Judged, found: Evidence) -> str:
    """The evidence and its worth as sections of a card."""
    bands = {"full band": (wide, wide.held_out()), "telephone": (narrow, narrow.held_out(wide))}
    rest = [label for label in CLASSIFIED if label not in LABELS]
    return (
        f"## Coverage\n\n{len(LABELS)} of 58 are covered. Evidence on recordings of other folds;"
        " recall counts what was not answered as missed. Recordings of the full band, and the same"
        f" over G.711, AMR and Opus at 8 kHz. Fewer than {FEWEST} recordings: unmeasured, and no"
        f" answer over a telephone.\n\n{_table(found)}\n\n"
        "What abstains: answers below the lowest confidence"
        f" ({found.wide.confidence:.2f}, telephone {found.narrow.confidence:.2f}; {_own(found)}),"
        " and labels"
        " without enough evidence in that band. Confidence and labels chosen on three folds,"
        f" measured on the fourth:\n\n{_worth(bands)}\n\n"
        f"Not covered ({len(rest)}): {', '.join(rest)}."
    )


def _own(found: Evidence) -> str:
    return "; ".join(
        f"{label} {found.wide.own[label]:.2f}, telephone {found.narrow.own[label]:.2f}"
        for label in OWN
    )


def _band(found: Judged, shares: Floats, chosen: NDArray[np.bool_]) -> Band:
    wanted = found.wanted()
    recorded = np.array([row.source.startswith(sounds.RECORDED) for row in found.rows])
    given = shares.argmax(axis=1)
    limit = _limit(wanted, shares, chosen & recorded, LIMITS)
    likely = [each for each in LIMITS if each >= LIKELY]
    apart = {
        label: _limit(wanted, shares, chosen & (given == LABELS.index(label)), likely)
        for label in OWN
    }
    sure = shares.max(axis=1) >= np.array([apart.get(label, limit) for label in LABELS])[given]
    labels = {}
    for i, label in enumerate(LABELS):
        own, said = chosen & (wanted == i), chosen & sure & (given == i)
        if own.any() or said.any():
            labels[label] = Tally(
                recordings=int(own.sum()),
                answers=int(said.sum()),
                recall=_share(own & said, own),
                precision=_share(own & said, said),
            )
    return Band(labels=labels, confidence=limit, own=apart)


def _limit(
    wanted: Ints, shares: Floats, chosen: NDArray[np.bool_], limits: Sequence[float]
) -> float:
    """The lowest confidence whose answers are right often enough, or the highest on the list."""
    right, sure = shares.argmax(axis=1) == wanted, shares.max(axis=1)
    return next(
        (limit for limit in limits if right[chosen & (sure >= limit)].mean() >= TARGET),
        limits[-1],
    )


def _share(some: NDArray[np.bool_], of: NDArray[np.bool_]) -> float | None:
    return round(float(some.sum() / of.sum()), 3) if of.any() else None


def _table(found: Evidence) -> str:
    lines = [
        "| category | recordings | recall | precision | telephone: recall | precision | answered |",
        "|---|---|---|---|---|---|---|",
    ]
    for label in LABELS:
        wide, narrow = (band.labels.get(label) for band in (found.wide, found.narrow))
        count = wide.recordings if wide else 0
        where = [
            name
            for name, band, is_narrow in (
                ("full band", found.wide, False),
                ("telephone", found.narrow, True),
            )
            if answered(label, band, narrow=is_narrow)
        ]
        note = "" if count >= FEWEST else " (unmeasured)"
        lines.append(
            f"| {label} | {count}{note} | {_figure(wide, 'recall')} | {_figure(wide, 'precision')}"
            f" | {_figure(narrow, 'recall')} | {_figure(narrow, 'precision')} |"
            f" {', '.join(where) or 'nowhere'} |"
        )
    return "\n".join(lines)


def _figure(tally: Tally | None, key: str) -> str:
    value = getattr(tally, key) if tally else None
    return "-" if value is None else f"{value:.2f}"


def _worth(bands: Mapping[str, tuple[Judged, Floats]]) -> str:
    """Coverage, and accuracy of what is answered, beside the accuracy without abstaining."""
    lines = [
        "| band | of | recordings | all answered: right | answered | of those right |",
        "|---|---|---|---|---|---|",
    ]
    for name, (found, shares) in bands.items():
        wanted, given = found.wanted(), shares.argmax(axis=1)
        said = np.zeros(len(wanted), bool)
        for k in range(FOLDS):
            band, held = _band(found, shares, found.fold != k), found.fold == k
            allowed = [answered(label, band, narrow=name == "telephone") for label in LABELS]
            limits = np.array([lowest(label, band) for label in LABELS])
            said |= held & np.array(allowed)[given] & (shares.max(axis=1) >= limits[given])
        recorded = np.array([row.source.startswith(sounds.RECORDED) for row in found.rows])
        for title, part in (("recorded noise", recorded), ("all sets", recorded | True)):
            right = (given == wanted)[part]
            lines.append(
                f"| {name} | {title} | {int(part.sum())} | {right.mean():.3f} |"
                f" {said[part].mean():.3f} | {right[said[part]].mean():.3f} |"
            )
    return "\n".join(lines)
