"""Progress of files on a terminal: one bar a file; without a terminal, one line a file when it is
done."""

from collections.abc import Sequence
from types import TracebackType

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from cli.terminal.console import notices, say
from earshot.analysis.printable import printable
from earshot.analysis.states import RecordingState
from producer.follow import FileProgress
from producer.submit import Submission

STAGES = {
    "waiting": "waiting",
    RecordingState.QUEUED: "waiting",
    RecordingState.INGESTING: "decoding",
    RecordingState.ANALYZING: "listening",
    RecordingState.COMPLETE: "done",
    RecordingState.PARTIAL: "done, in part",
    RecordingState.FAILED: "failed",
}


class Bars:
    """A context with a bar for every submitted file."""

    def __init__(self, submitted: Sequence[Submission]) -> None:
        console = notices()
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            TextColumn("{task.fields[stage]}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("chunks"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._live = console.is_terminal
        self._rows: dict[Submission, TaskID] = {
            each: self._progress.add_task(
                printable(each.path.name), total=None, stage=STAGES["waiting"]
            )
            for each in submitted
        }

    def update(self, now: FileProgress) -> None:
        """Shows where a file is."""
        stage = STAGES.get(now.state, now.state)
        row = self._rows[now.submission]
        self._progress.update(
            row, stage=stage, completed=now.chunks_merged, total=now.chunks_total or None
        )
        if now.finished:
            self._progress.stop_task(row)
            if not self._live:
                say(f"{now.submission.path.name}: {stage}")

    def __enter__(self) -> "Bars":
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()
