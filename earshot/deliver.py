"""Follows recordings until they are finished, and prints and writes their reports."""

import json
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from analysis.report import Report
from earshot.console import say, show
from earshot.local import stack, urls
from earshot.progress import Bars
from earshot.show import rendered
from producer.follow import FileProgress, follow
from producer.patience import Patience
from producer.submit import Submission
from storage import recordings


def patience() -> Patience:
    """That of a command with somebody before it."""
    return Patience(say, workers_alive())


def deliver(patience: Patience, submitted: Sequence[Submission], out: Path | None) -> int:
    """Waits for the recordings, prints each report and writes it below ``out``. Returns how many failed, and says why."""
    finished = _followed(patience, submitted)
    for each in finished:
        if each.state != "failed":
            _report(patience, each, out)
    failed = [each for each in finished if each.state == "failed"]
    for each in failed:
        say(f"{each.submission.path}: failed: {each.error_code}: {each.error_detail}")
    return len(failed)


def workers_alive() -> Callable[[], None]:
    """What whoever waits asks at each look: a stack of this machine that lost a worker will not finish."""
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
    other = f"; asked for before with other {', '.join(finished.differs)}" if finished.differs else ""
    return f"the same content was analysed before{other}; {done}"


def _report(patience: Patience, finished: FileProgress, out: Path | None) -> None:
    body = patience(lambda connection: recordings.report(connection, finished.recording_id))
    show(rendered(Report.model_validate(body)))
    if finished.duplicate:
        say(f"{finished.submission.path}: {_stored_before(finished)}")
    if out is None:
        say(f"JSON: earshot report {str(finished.recording_id)[:8]} --json")
        return
    out.mkdir(parents=True, exist_ok=True)
    file = out / f"{finished.submission.path.stem}-{str(finished.recording_id)[:8]}.json"
    file.write_text(json.dumps(body, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    place = (finished.recording_id, socket.gethostname(), str(file.resolve()))
    patience(lambda connection: recordings.note_export(connection, *place))
    say(f"JSON: {file}")
