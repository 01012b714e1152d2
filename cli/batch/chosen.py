"""Chooses the file of settings, for this process and those that it starts."""

import os
from pathlib import Path

from earshot.analysis.errors import Misconfigured
from earshot.settings import PREFIX, settings


def use(config: Path | None) -> None:
    """Lets settings be read from this file; None: from where they are read anyway.

    Raises:
        Misconfigured: there is no such file.
    """
    if config is None:
        return
    if not config.is_file():
        raise Misconfigured("config", f"{config}: no such file")
    os.environ[f"{PREFIX}CONFIG"] = str(config.absolute())
    settings.cache_clear()
