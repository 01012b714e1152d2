"""The labels that a report names, as filters of lists find them."""

from collections.abc import Iterator
from typing import Any

from earshot.analysis.report.report import Report

WORDS = {"turns": {"__all__": {"words"}}}
"""They have no labels, and are most of a report."""


def labels(report: Report) -> list[str]:
    """Every label of the report, of any analysis, in order and once; those in its section about
    corrections, which has replaced ones too, are left out."""
    body = report.model_dump(mode="json", exclude={**WORDS, "corrections": True})
    return sorted(set(_labels(body)))


def _labels(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        label = part.get("label")
        if isinstance(label, str):
            yield label
        for each in part.values():
            yield from _labels(each)
    elif isinstance(part, list):
        for each in part:
            yield from _labels(each)
