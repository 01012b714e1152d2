"""The figures of one row: the audit's results against those of one clean process on the same
files."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from earshot.analysis.states import RecordingState
from trials.chaos import audit
from trials.chaos.arena import Arena

REFERENCE_LIMIT_SEC = 900
SHOWN = 5
"""Maximum number of differences printed; all are counted."""

_RECORDINGS = "SELECT id::text, sha256, state, request ->> 'file_name' AS file FROM recording"
_FINDINGS = "SELECT recording_id::text AS id, chunk_index, analysis, release, outcome FROM finding"
_REPORTS = "SELECT recording_id::text AS id, body FROM report"

Wanted = dict[str, Any]


class Figures(NamedTuple):
    """One row of the table; counts of recordings, unless stated otherwise."""

    scenario: str
    recordings: int
    merged_once: int
    merged_twice: int
    lost: int
    events: int
    events_lost: int
    duplicate_events: int
    wrong: int
    """Findings and reports that differ from the reference."""
    faults: int
    extra: int
    """Chunks that the probe computed more than once."""
    allowed: int
    """Less than this, or nothing at all."""
    recovery_sec: float
    misses: tuple[str, ...] = ()

    @property
    def kept(self) -> bool:
        """True if every bar is met."""
        clean = not (
            self.lost
            or self.merged_twice
            or self.wrong
            or self.duplicate_events
            or self.events_lost
            or self.misses
        )
        return clean and (self.extra < self.allowed or self.extra == 0)


def reach(arena: Arena, scenario: str, recovery_sec: float) -> Figures:
    """Evaluates a row whose system is idle (or has run out of time)."""
    wanted = _reference(arena)
    url = arena.stack.database_url
    owners = {row["sha256"]: row for row in audit.rows(url, _RECORDINGS)}
    lost = [sha for sha, each in wanted.items() if _is_lost(url, owners.get(sha), each)]
    open_rows = audit.count(url, "recording", "finished_at IS NULL")
    twice = audit.merged_twice(url)
    stored = {str(row["id"]) for row in audit.rows(url, "SELECT id FROM outbox")}
    published = audit.published(arena.redis_url)
    wrong = _wrong(url, owners, wanted)
    for line in wrong[:SHOWN]:
        print(line[:1000], file=sys.stderr)
    return Figures(
        scenario=scenario,
        recordings=len(wanted),
        merged_once=len(wanted) - len(lost) - len(twice),
        merged_twice=len(twice) + _stored_twice(url),
        lost=max(len(lost), open_rows),
        events=len(stored),
        events_lost=len(stored - set(published)),
        duplicate_events=sum(times - 1 for times in published.values()),
        wrong=len(wrong),
        faults=arena.faults,
        extra=audit.computed(arena.probe_log).extra,
        allowed=2 * arena.in_flight,
        recovery_sec=recovery_sec,
        misses=tuple(arena.misses),
    )


def _reference(arena: Arena) -> dict[str, Wanted]:
    out = arena.stack.home / "reference.json"
    argv = [
        sys.executable,
        "-m",
        "trials.chaos.reference",
        str(arena.folder),
        str(out),
        *arena.analyses,
    ]
    subprocess.run(
        argv, env={**os.environ, "OMP_NUM_THREADS": "1"}, timeout=REFERENCE_LIMIT_SEC, check=True
    )
    answers: dict[str, Wanted] = json.loads(Path(out).read_text(encoding="utf-8"))
    return answers


def _is_lost(url: str, owner: dict[str, Any] | None, wanted: Wanted) -> bool:
    """True if not in a final state, or with a chunk without its findings."""
    if owner is None or owner["state"] not in (RecordingState.COMPLETE, RecordingState.PARTIAL):
        return True
    where = f"recording_id = '{owner['id']}'"
    unmerged = audit.count(url, "chunk", f"{where} AND state <> 'merged'")
    return unmerged > 0 or audit.count(url, "finding", where) < len(wanted["findings"])


def _stored_twice(url: str) -> int:
    """Number of contents stored under two recordings."""
    return len(
        audit.rows(
            url,
            "SELECT sha256 FROM recording WHERE sha256 IS NOT NULL GROUP BY sha256 HAVING"
            " count(*) > 1",
        )
    )


def _wrong(url: str, owners: dict[str, dict[str, Any]], wanted: dict[str, Wanted]) -> list[str]:
    """Findings that differ from the reference or are not in it, and reports that differ; one line
    each."""
    content = {row["id"]: sha for sha, row in owners.items()}
    wrong = []
    for row in audit.rows(url, _FINDINGS):
        part = f"{row['chunk_index']} {row['analysis']}"
        expected = wanted.get(content[row["id"]], {"findings": {}})["findings"].get(part)
        found = [row["release"], row["outcome"]]
        if expected is None or not _same(expected, found):
            wrong.append(f"finding {row['id']} {part}: {found}, not {expected}")
    for row in audit.rows(url, _REPORTS):
        difference = first_difference(
            _content(wanted[content[row["id"]]]["report"]), _content(row["body"]), "report"
        )
        wrong += [f"{row['id']} {difference}"] if difference else []
    return wrong


def _same(expected: list[Any], found: list[Any]) -> bool:
    """True if equal; a failed chunk may have any wording and release."""
    if expected[1]["status"] == "failed":
        return bool(found[1]["status"] == "failed")
    return expected == found


def first_difference(expected: Any, found: Any, where: str) -> str | None:
    """The first difference between two JSON values, with its path; None if they are equal."""
    pairs: list[tuple[object, Any, Any]]
    if isinstance(expected, dict) and isinstance(found, dict) and expected.keys() == found.keys():
        pairs = [(key, expected[key], found[key]) for key in expected]
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        pairs = list(zip(range(len(found)), expected, found, strict=True))
    else:
        return None if expected == found else f"{where}: {found}, not {expected}"
    differences = (first_difference(each, other, f"{where}.{key}") for key, each, other in pairs)
    return next(filter(None, differences), None)


def _content(report: dict[str, Any]) -> dict[str, Any]:
    """Content of a report, without ids, times of day and the wording of a failure."""
    recording = {
        key: value
        for key, value in report["recording"].items()
        if key not in ("id", "created_at", "file_name")
    }
    missing = [(each["analysis"], each["chunk"]) for each in report["missing"]]
    return {**report, "recording": recording, "missing": missing}
