"""The results of a run, file by file."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from cli.batch.outputs import FileStatus
from cli.terminal.strip import clock
from earshot.analysis.report.report import Report
from earshot.analysis.states import RecordingState
from earshot.exports.table import failed_row, lines, row
from earshot.storage.postgres import corrections, lookup
from earshot.storage.postgres.db import Connection
from producer.batch import Done, Refused
from producer.patience import Patience

Row = dict[str, str | float]
NO_RESULTS = "no_report", "its results were removed; run again to have it analysed"
NO_WORDS = "words_expired", "its words were removed for their age (setting retention)"


class Line(NamedTuple):
    """A line about a call."""

    text: str
    failed: bool


def _result(
    connection: Connection, recording_id: UUID
) -> tuple[Report | None, tuple[str, str] | None]:
    """The report, and code and detail of what was removed of it."""
    body = corrections.report(connection, recording_id)
    if body is None:
        return None, NO_RESULTS
    removed = lookup.expired(connection, recording_id)
    return Report.model_validate(body), None if removed is None else NO_WORDS


class Results:
    """Statuses and rows, in the order of the files."""

    def __init__(self, files: Sequence[Path], folder: Path) -> None:
        self._files, self._folder = files, folder
        self._statuses: dict[Path, FileStatus] = {}
        self._rows: dict[Path, Row] = {}
        self._recordings: dict[UUID, Path] = {}
        self._analysed: list[UUID] = []

    def refuse(self, found: Refused) -> None:
        """A file that was not submitted."""
        name = self._name(found.path)
        self._statuses[found.path] = FileStatus(
            file=name,
            status="failed",
            recording_id=None,
            same_content_as=None if found.same_as is None else self._name(found.same_as),
            reused=False,
            duration_ms=None,
            seconds=0,
            error_code=found.code,
            error_detail=found.detail,
        )
        if found.same_as is None:
            self._rows[found.path] = failed_row(found.path.name, found.code, found.detail)

    def finish(self, patience: Patience, found: Done) -> Line:
        """A call that is finished. Its files are the rest of the call: each has a status, and the
        call has one row."""
        path, progress = found.content.paths[0], found.progress
        twin = self._recordings.setdefault(progress.recording_id, path)
        code, detail = progress.error_code, progress.error_detail
        report: Report | None = None
        if progress.state != RecordingState.FAILED:
            report, removed = patience(lambda each: _result(each, progress.recording_id))
            code, detail = removed or (code, detail)
        if twin == path:
            values = {} if report is None else row(report)
            if code is not None:
                failure = failed_row(path.name, code, detail or "")
                errors = [str(each["error"]) for each in (values, failure) if "error" in each]
                values = {**failure, **values, "error": "; ".join(errors)}
            self._rows[path] = values
            if report is not None and not found.reused:
                self._analysed.append(progress.recording_id)
        for each in found.content.paths:
            self._statuses[each] = FileStatus(
                file=self._name(each),
                status="failed" if report is None else report.status,
                recording_id=progress.recording_id,
                same_content_as=None if each == twin else self._name(twin),
                reused=found.reused,
                duration_ms=None if report is None else report.recording.duration_ms,
                seconds=round(found.seconds, 2),
                error_code=code,
                error_detail=detail,
            )
        if report is None:
            return Line(f"{self._name(path)}: failed: {code}: {detail}", failed=True)
        said = self._said(path, found, report)
        return Line(said if code is None else f"{said}; {code}: {detail}", failed=False)

    def _said(self, path: Path, found: Done, report: Report) -> str:
        length = clock(report.recording.duration_ms)
        took = "stored before" if found.reused else f"{found.seconds:.1f} s"
        return f"{self._name(path)}: {report.status}, {length}, {took}"

    def statuses(self) -> list[FileStatus]:
        """Of every file, in order."""
        return [self._statuses[path] for path in self._files]

    def table(self) -> Iterator[str]:
        """The lines of the table: each call once, in order of the files."""
        return lines(self._rows[path] for path in self._files if path in self._rows)

    def recordings(self) -> list[UUID]:
        """All recordings of the batch."""
        return list(self._recordings)

    def analysed(self) -> list[UUID]:
        """Those that were analysed in this run."""
        return self._analysed

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self._folder))
