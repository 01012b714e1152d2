"""The states that Python compares are those that the tables take."""

import re
from enum import StrEnum

import pytest

from earshot.analysis.states import DeadLetterState, RecordingState
from earshot.settings import PROJECT

COLUMN = (
    r"CREATE TABLE (?:IF NOT EXISTS )?{table} \(.*?\n\s*state\s+text[^\n]*?"
    r"CHECK \(state IN \(([^)]*)\)\)"
)


def allowed(table: str) -> set[str]:
    """What the constraint of the table's column ``state`` lists, in the only migration that has
    one."""
    texts = (path.read_text() for path in sorted((PROJECT / "migrations").glob("*.sql")))
    found = [re.search(COLUMN.format(table=table), text, re.DOTALL) for text in texts]
    (constraint,) = filter(None, found)
    return set(re.findall(r"'(\w+)'", constraint[1]))


@pytest.mark.parametrize(
    ("table", "states"),
    [("recording", RecordingState), ("dead_letter", DeadLetterState)],
)
def test_the_states_of_a_table_are_those_of_its_constraint(
    table: str, states: type[StrEnum]
) -> None:
    assert allowed(table) == set(states)


def test_no_later_migration_changes_a_constraint_of_states() -> None:
    """One that does must be read by ``allowed``."""
    for path in (PROJECT / "migrations").glob("*.sql"):
        assert not re.search(r"ALTER[^;]*\bstate\s+IN\b", path.read_text()), path


def test_closed_recordings_are_those_with_an_end() -> None:
    text = (PROJECT / "migrations" / "0001_recordings.sql").read_text()
    found = re.search(r"CHECK \(\(state IN \(([^)]*)\)\) = \(finished_at IS NOT NULL\)\)", text)
    assert found is not None
    closed = {state for state in RecordingState if state.closed}
    assert set(re.findall(r"'(\w+)'", found[1])) == closed
