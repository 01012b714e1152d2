"""Follows recordings until they are finished, and prints and writes their reports."""

import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cli.localstack import stack, urls
from cli.terminal.console import say, show
from cli.terminal.progress import Bars
from cli.terminal.show import rendered
from earshot.analysis.printable import file_name, json_text, on_one_line
from earshot.analysis.report.report import Report
from earshot.analysis.states import RecordingState
from earshot.storage.postgres import corrections, recordings
from producer.follow import FileProgress, follow
from producer.patience import Patience
from producer.submit import Submission


def patience() -> Patience:
    """The patience of an interactive command."""
    return Patience(say, workers_alive())


def deliver(patience: Patience, submitted: Sequence[Submission], out: Path | None) -> int:
    """Waits for the recordings, prints each report and writes it below ``out``. Returns the number
    of failures, after printing their reasons."""
    failed = 0
    for each in _followed(patience, submitted):
        if each.state == RecordingState.FAILED:
            failed += 1
            say(f"{each.submission.path}: failed: {each.error_code}: {each.error_detail}")
        else:
            failed += not _reported(patience, each, out)
    return failed


def workers_alive() -> Callable[[], None]:
    """A check for each poll while waiting: a local stack that lost a worker will not finish."""
    return stack.check if urls.are_local() else lambda: None


def _followed(patience: Patience, submitted: Sequence[Submission]) -> list[FileProgress]:
    latest: dict[Submission, FileProgress] = {}
    with Bars(submitted) as bars:
        for each in follow(patience, submitted):
            latest[each.submission] = each
            bars.update(each)
    return [latest[each] for each in submitted]


def _stored_before(finished: FileProgress) -> str:
    done = f"{', '.join(finished.added)} added to it" if finished.added else "--force does it again"
    other = (
        f"; asked for before with other {', '.join(finished.differs)}" if finished.differs else ""
    )
    return f"the same content was analysed before{other}; {done}"


def _reported(patience: Patience, finished: FileProgress, out: Path | None) -> bool:
    """Prints and writes one report. Its errors are printed, and the other reports are processed all
    the same."""
    path, recording_id = finished.submission.path, finished.recording_id
    try:
        body = patience(lambda connection: corrections.report(connection, recording_id))
        show(rendered(Report.model_validate(body)))
        if finished.duplicate:
            say(f"{path}: {_stored_before(finished)}")
        if out is None:
            say(f"JSON: earshot report {str(recording_id)[:8]} --json")
        else:
            _write(patience, finished, body, out)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else " ".join(str(error).split())
        say(
            f"{path}: its report cannot be written: {on_one_line(reason or str(error))};"
            f" earshot report {str(recording_id)[:8]} --json"
        )
        return False
    return True


def _write(
    patience: Patience, finished: FileProgress, body: dict[str, Any] | None, out: Path
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    file = out / f"{file_name(finished.submission.path.stem)}-{str(finished.recording_id)[:8]}.json"
    file.write_text(json_text(body, indent=2) + "\n", encoding="utf-8")
    place = (finished.recording_id, socket.gethostname(), str(file.resolve()))
    patience(lambda connection: recordings.note_export(connection, *place))
    say(f"JSON: {file}")
