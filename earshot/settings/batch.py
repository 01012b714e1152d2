"""Settings of batches: the folders of ``earshot batch``, and the scan that beat starts."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, field_validator

from earshot.settings.sources import CONFIG

BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
"""Of minute, hour, day of month, month and day of week, in which 0 and 7 are Sunday."""
PART = re.compile(
    r"(?:\*|(?P<first>[0-9]{1,2})-(?P<last>[0-9]{1,2}))(?:/(?P<step>[1-9][0-9]?))?|(?P<only>[0-9]{1,2})"
)
SHORT_MONTHS = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}


class Batches(BaseModel):
    """Fields for batches of files (docs/batch.md). Relative folders lie beside ``config``."""

    config: Path = CONFIG
    """The YAML file that these settings are read from besides the environment. Set by
    ``EARSHOT_CONFIG`` alone."""
    input_dir: Path = Path("input")
    """Folder with the files of a batch, subfolders included."""
    output_dir: Path = Path("output")
    log_dir: Path = Path("logs")

    scan_at: str = ""
    """Times at which beat starts a scan of ``input_dir``, as five fields of a crontab in UTC, e.g.
    ``0 2 * * *``. Empty: never."""

    @field_validator("config", mode="before")
    @classmethod
    def _default_where_empty(cls, file: Any) -> Any:
        return file or CONFIG

    @field_validator("scan_at")
    @classmethod
    def _is_a_crontab(cls, text: str) -> str:
        fields = text.split()
        if not fields:
            return ""
        if len(fields) != len(BOUNDS):
            raise ValueError("write five fields: minute, hour, day of month, month, day of week")
        values = [set(_values(field, *each)) for field, each in zip(fields, BOUNDS, strict=True)]
        _, _, days, months, _ = values
        if min(days) > max(SHORT_MONTHS.get(month, 31) for month in months):
            raise ValueError(f"{text!r} is a crontab of days that its months do not have")
        # Celery counts the days of a week from 0 to 6.
        return " ".join([*fields[:-1], ",".join(map(_to_6, fields[-1].split(",")))])

    def beside_config(self, folder: Path) -> Path:
        """The absolute path of one of the folders."""
        return (self.config.absolute().parent / folder.expanduser()).absolute()


def _values(field: str, least: int, most: int) -> Iterator[int]:
    """The values that a field of a crontab stands for. A range whose end is before its start
    continues at the least value."""
    for part in field.split(","):
        found = PART.fullmatch(part)
        first = int(found["only"] or found["first"] or least) if found else -1
        last = int(found["only"] or found["last"] or most) if found else -1
        if found is None or not (least <= first <= most and least <= last <= most):
            raise ValueError(f"{field!r} is no field of a crontab, such as 0 2 * * *")
        wrapped = [*range(first, most + 1), *range(least, last + 1)]
        values = range(first, last + 1) if first <= last else wrapped
        yield from values[:: int(found["step"] or 1)]


def _to_6(part: str) -> str:
    """A part of a field for the day of week, with 0 for 7."""
    days, *step = part.split("/")
    days = "*" if days == "0-7" else re.sub("[0-9]+", lambda day: str(int(day[0]) % 7), days)
    return "/".join([days, *step])
