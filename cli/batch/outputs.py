"""Files that a batch writes: names, types, and writing each as a whole or not at all."""

import os
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal
from uuid import UUID

from pydantic import Field

from earshot.analysis.errors import Permanent
from earshot.analysis.types import Frozen

PART = ".part"
NAMES = (
    "optimized_results_{}.csv",
    "performance_report_{}.json",
    "failed_calls_{}.json",
    "file_statuses_{}.json",
)


class FileStatus(Frozen):
    """What became of a file."""

    file: str = Field(description="Path below the folder of input.")
    status: Literal["complete", "partial", "failed"]
    recording_id: UUID | None = Field(description="Null where it was not submitted.")
    same_content_as: str | None = Field(description="The file that stands for the call.")
    reused: bool = Field(description="The result was stored before.")
    duration_ms: int | None
    seconds: float = Field(description="From its submission to its end, in this run.")
    error_code: str | None
    error_detail: str | None


class FileStatuses(Frozen):
    """``file_statuses_*.json``: every file of the folder, in order."""

    schema_version: str = "1.0"
    files: tuple[FileStatus, ...]


class FailedCalls(Frozen):
    """``failed_calls_*.json``: those of the files that failed."""

    schema_version: str = "1.0"
    files: tuple[FileStatus, ...]


class Outputs:
    """The folder of a run's files, whose names have the time of its start, local."""

    def __init__(self, output: Path, logs: Path, at: datetime) -> None:
        """Creates the folders, takes the first second at or after ``at`` of which no file exists,
        and removes what a killed run left half written.

        Raises:
            Permanent: ``unwritable``.
        """
        self._folder = output
        try:
            for folder in (output, logs):
                folder.mkdir(parents=True, exist_ok=True)
            for left in output.glob(f".*{PART}"):
                left.unlink(missing_ok=True)
        except OSError as error:
            raise Permanent("unwritable", f"{error.filename}: {error.strerror}") from error
        while any((output / name.format(_stamp(at))).exists() for name in NAMES):
            at += timedelta(seconds=1)
        self.stamp = _stamp(at)
        self.log = logs / f"optimized_processing_{self.stamp}.log"

    def write(self, name: str, parts: Iterable[str]) -> Path:
        """Writes one of ``NAMES`` in UTF-8: under another name first, so that the file is whole as
        soon as it is there.

        Raises:
            Permanent: ``unwritable``; nothing is left of it.
        """
        file = self._folder / name.format(self.stamp)
        part = file.with_name(f".{file.name}{PART}")
        try:
            with part.open("w", encoding="utf-8", newline="") as out:
                out.writelines(parts)
                out.flush()
                os.fsync(out.fileno())
            part.replace(file)
        except OSError as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise Permanent("unwritable", f"{file}: {error.strerror}") from error
        return file


def _stamp(at: datetime) -> str:
    return at.strftime("%Y%m%d_%H%M%S")
