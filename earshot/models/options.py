"""The values of settings that opening a checkpoint takes. They are passed in: models read no
settings."""

from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr


class Options(Protocol):
    """``earshot.settings.Settings`` has all of them, under these names."""

    @property
    def models_folder(self) -> Path:
        """Where pulled checkpoints are."""
        ...

    @property
    def models_catalog(self) -> Path | None:
        """A catalog besides the project's own."""
        ...

    @property
    def commercial_use(self) -> bool | None:
        """Whether the installation is for commercial use; None where that is not stated."""
        ...

    @property
    def emotion_int8(self) -> bool:
        """Whether encoders of emotion compute in int8 on a CPU."""
        ...

    @property
    def asr_endpoint_url(self) -> str: ...

    @property
    def asr_endpoint_token(self) -> SecretStr: ...

    @property
    def asr_endpoint_timeout_sec(self) -> float: ...

    @property
    def internal_hosts(self) -> Collection[str]:
        """``host:port`` of servers that may have internal addresses."""
        ...
