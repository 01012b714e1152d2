"""Settings of batches: the folders of ``earshot batch``, and the scan that beat starts."""

import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel, field_validator

from earshot.settings.sources import CONFIG

MOST = (59, 23, 31, 12, 7)
"""Of minute, hour, day of month, month and day of week."""
FIELD = re.compile(r"(?:(?:\*|\d+(?:-\d+)?)(?:/[1-9]\d*)?)(?:,(?:\*|\d+(?:-\d+)?)(?:/[1-9]\d*)?)*")


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
        for field, most in zip(fields, MOST, strict=False):
            values = map(int, re.findall(r"\d+", re.sub(r"/\d+", "", field)))
            if not FIELD.fullmatch(field) or any(value > most for value in values):
                raise ValueError(f"{field!r} is no field of a crontab, such as 0 2 * * *")
        if fields and len(fields) != len(MOST):
            raise ValueError("write five fields: minute, hour, day of month, month, day of week")
        return " ".join(fields)

    def beside_config(self, folder: Path) -> Path:
        """The absolute path of one of the folders."""
        return (self.config.absolute().parent / folder.expanduser()).absolute()
