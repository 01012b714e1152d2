"""Sections of the report come from the functions that the registry names."""

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import fields
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import jsonschema
import pytest

from earshot import registry
from earshot.analysis.findings import Classification, Findings
from earshot.analysis.report.parts import Evidence, gather
from earshot.analysis.report.registered import ReportFields
from earshot.analysis.report.report import Report, build_report
from earshot.analysis.types import Frozen
from tests import project_copy
from tests.sounds.call_parts import parts, recording


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


BARKING = """
import json
from earshot.analysis.report.report import Report, build_report
from tests.sounds.call_parts import ALL, part, parts, recording
from tests.unit.analysis.test_sections import Bark
barks = [part("bark", 1, Bark(barks=3)), part("bark", 0, Bark(barks=2))]
with_barks = build_report(recording(analyses=(*ALL, "bark")), [*parts(), *barks])
reports = (with_barks, build_report(recording(), parts()))
schema = Report.model_json_schema(mode="serialization")
print(json.dumps([[each.model_dump(mode="json") for each in reports], schema]))
"""


@pytest.fixture
def barking(tmp_path: Path) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Reports with and without barks, and their schema, by a copy of the project with two more
    lines in the registry, with one section of both."""
    project = project_copy.copy(tmp_path / "project")
    for name in ("growl", "bark"):  # each is put before the others
        project_copy.register(project, name, "workers.bark", section=f"{__name__}:section")
    env = {**os.environ, "PYTHONPATH": str(project)}
    argv = [sys.executable, "-c", BARKING]
    done = subprocess.run(argv, cwd=project, env=env, stdout=subprocess.PIPE, check=True)
    (with_barks, without), schema = json.loads(done.stdout)
    return with_barks, without, schema


def test_an_analysis_whose_line_names_a_section_is_in_the_report(
    barking: tuple[dict[str, Any], dict[str, Any], dict[str, Any]],
) -> None:
    found, without, schema = barking
    assert found["sections"] == {"bark": {"barks": 5, "chunks": [0, 1]}}
    assert without["sections"] == {}
    assert found["classifications"] == {}
    assert found["releases"]["bark"] == ["bark-1"]
    assert found["turns"] == without["turns"]
    jsonschema.validate(found, schema)
    assert Report.model_validate(found).model_dump(mode="json") == found


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


def test_a_report_of_schema_1_4_does_not_say_what_states_its_roles() -> None:
    body = build_report(recording(), parts()).model_dump(mode="json")
    del body["recording"]["roles_source"]
    old = Report.model_validate({**body, "schema_version": "1.4"})
    assert (old.recording.roles, old.recording.roles_source) == (("agent", "customer"), None)
