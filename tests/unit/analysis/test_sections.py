"""Sections of the report come from the functions that the registry names."""

from collections import Counter
from dataclasses import fields
from pkgutil import resolve_name

import jsonschema
import pytest

from earshot import registry
from earshot.analysis.findings import Classification, Findings
from earshot.analysis.report.parts import Evidence, gather
from earshot.analysis.report.registered import ReportFields
from earshot.analysis.report.report import Report, build_report
from earshot.analysis.types import Frozen
from earshot.registry import Card
from tests.sounds.call_parts import ALL, part, parts, recording


class Bark(Findings):
    barks: int

    def classification(self) -> Classification:
        return Classification(label="dog", confidence=1, scores={"dog": 1})


class BarkSection(Frozen):
    barks: int
    chunks: tuple[int, ...]


def section(evidence: Evidence) -> BarkSection | None:
    found = evidence.found("bark", Bark)
    if not found:
        return None
    barks = sum(findings.barks for _, findings in found)
    return BarkSection(barks=barks, chunks=tuple(each.chunk for each, _ in found))


@pytest.fixture
def barking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two more lines in the registry, with one section of both."""
    lines = (Card(name, "workers.bark", "cpu", section=f"{__name__}:section") for name in
             ("bark", "growl"))  # fmt: skip
    monkeypatch.setattr(registry, "CARDS", (*registry.CARDS, *lines))


@pytest.mark.usefixtures("barking")
def test_an_analysis_whose_line_names_a_section_is_in_the_report() -> None:
    barks = [part("bark", 1, Bark(barks=3)), part("bark", 0, Bark(barks=2))]
    report = build_report(recording(analyses=(*ALL, "bark")), [*parts(), *barks])
    assert report.sections == {"bark": {"barks": 5, "chunks": [0, 1]}}
    assert report.classifications == {}
    assert report.releases["bark"] == ("bark-1",)
    before = build_report(recording(), parts())
    assert report.turns == before.turns
    jsonschema.validate(
        report.model_dump(mode="json"), Report.model_json_schema(mode="serialization")
    )
    assert Report.model_validate_json(report.model_dump_json()) == report


@pytest.mark.usefixtures("barking")
def test_a_section_without_evidence_is_left_out() -> None:
    assert build_report(recording(), parts()).sections == {}


def test_every_section_is_found_and_no_field_is_made_twice() -> None:
    evidence = gather(recording(), parts())
    paths = dict.fromkeys(card.section for card in registry.cards() if card.section)
    found = [resolve_name(path)(evidence) for path in paths]
    own = Counter(
        field.name for each in found if isinstance(each, ReportFields) for field in fields(each)
    )
    assert set(own) <= set(Report.model_fields)
    assert set(own.values()) == {1}


def test_a_report_of_schema_1_2_is_read() -> None:
    body = build_report(recording(), parts()).model_dump(mode="json", exclude={"sections"})
    old = Report.model_validate({**body, "schema_version": "1.2"})
    assert (old.schema_version, old.sections) == ("1.2", {})
