"""Collects the results of one analysis while recordings are analysed."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from earshot.analysis.types import Release
from evaluation.choice import Chosen
from evaluation.manifest import Row
from evaluation.metrics import LeftOut, PassedOver

PLACES = 4


@dataclass(frozen=True)
class Case:
    """One recording with its truth and its answer."""

    row: Row
    truth: Any
    answer: Any


@dataclass
class Tally:
    """Cases, and the reasons for missing ones."""

    release: Release
    trained_on: tuple[str, ...] | None
    """Training sets of the release; None if unknown."""
    chosen: Chosen
    cases: list[Case] = field(default_factory=list)
    unanswered: Counter[str] = field(default_factory=Counter)
    left_out: list[LeftOut] = field(default_factory=list)
    cpu_seconds: float = 0.0
    seconds: float = 0.0

    def by_source(self, cases: Iterable[Case]) -> dict[str, list[Case]]:
        """The cases of each set, by name."""
        found: dict[str, list[Case]] = {}
        for case in cases:
            found.setdefault(case.row.source, []).append(case)
        return dict(sorted(found.items()))

    def knew(self, source: str) -> bool | None:
        """True if the release was trained on the set, or on the folder of sets that has it."""
        if self.trained_on is None:
            return None
        return any(source == known or source.startswith(f"{known}/") for known in self.trained_on)

    def stated(self, n: int, uncovered: Mapping[str, int] | None = None) -> dict[str, Any]:
        """The fields of ``Measured``."""
        return {
            "n": n,
            "release": self.release.name,
            "rtf": rounded(self.cpu_seconds / self.seconds) if self.seconds else None,
            "audio_seconds": round(self.seconds, 1),
            "passed_over": PassedOver(
                unlabelled=self.chosen.unlabelled,
                unmapped=dict(sorted(self.chosen.unmapped.items())),
                uncovered=dict(sorted((uncovered or {}).items())),
            ),
            "unanswered": dict(sorted(self.unanswered.items())),
            "left_out": tuple(self.left_out),
        }


def rounded(value: float) -> float:
    """Rounded to ``PLACES``, the precision of the figures."""
    return round(float(value), PLACES)
