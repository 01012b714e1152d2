"""The sections of a report, computed by the functions that the registry names."""

from dataclasses import dataclass, fields
from pkgutil import resolve_name
from typing import Any

from earshot.analysis.errors import Misconfigured
from earshot.analysis.report.parts import Evidence
from earshot.analysis.types import Frozen
from earshot.registry import cards


@dataclass(frozen=True)
class ReportFields:
    """Base of the sections whose fields are fields of the report itself. Any other section is one
    entry of ``Report.sections``."""


Section = ReportFields | Frozen | None
"""Result of a section function; None where the evidence holds nothing for it."""


def with_section() -> set[str]:
    """Names of the analyses that have a section."""
    return {card.name for card in cards() if card.section}


def check_sections() -> None:
    """Imports every section function.

    Raises:
        Misconfigured: one cannot be imported.
    """
    for path in filter(None, (card.section for card in cards())):
        try:
            resolve_name(path)
        except (ImportError, AttributeError, ValueError) as error:
            raise Misconfigured("registry", f"{path} cannot be imported: {error}") from error


def sections(evidence: Evidence) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Fields of the report, and the other sections by name of their analysis. A function that
    several analyses share is called once, for the first of them.

    Raises:
        pydantic.ValidationError: a succeeded part does not hold the findings of its analysis.
    """
    functions: dict[str, str] = {}
    for card in cards():
        if card.section:
            functions.setdefault(card.section, card.name)
    own: dict[str, Any] = {}
    others: dict[str, dict[str, Any]] = {}
    for path, name in functions.items():
        section: Section = resolve_name(path)(evidence)
        if isinstance(section, ReportFields):
            own |= {field.name: getattr(section, field.name) for field in fields(section)}
        elif section is not None:
            others[name] = section.model_dump(mode="json")
    return own, others
