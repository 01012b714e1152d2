"""Sources of settings besides the environment: ``config.yaml``, the running local stack, and the
database keys of the earlier call pipeline."""

import json
from collections.abc import Collection
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

from earshot.analysis.call_config import CallConfig
from earshot.analysis.errors import Misconfigured

PROJECT = Path(__file__).resolve().parents[2]
CONFIG = PROJECT / "config.yaml"
PREFIX = "EARSHOT_"
SECRETS = Path("/run/secrets")
"""Folder in which Docker and Kubernetes mount secrets; a file ``earshot_<setting>`` contains the
value of that setting."""


def stack_file(home: Path) -> Path:
    """The file with the URLs of the running local stack."""
    return home / "run" / "stack.json"


def chosen(named: str | None) -> Path:
    """The file of settings.

    Args:
        named: value of ``EARSHOT_CONFIG``.

    Raises:
        Misconfigured: it is relative: processes of the local stack work in another folder.
    """
    if not named:
        return CONFIG
    if not Path(named).is_absolute():
        raise Misconfigured("config", f"EARSHOT_CONFIG: {named} is no absolute path")
    return Path(named)


def written(file: Path, known: Collection[str]) -> dict[str, Any]:
    """The settings in a YAML file; none if the default one does not exist.

    Raises:
        Misconfigured: it is not a YAML file of settings, contains a key that is not ``known``, or
            is another file than the default and does not exist.
    """
    if not file.exists():
        if file != CONFIG:
            raise Misconfigured("config", f"{file}: no such file (EARSHOT_CONFIG, --config)")
        return {}
    import yaml  # costs a megabyte, so only processes with such a file import it

    try:
        content = yaml.safe_load(file.read_bytes()) or {}
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise Misconfigured(
            "config", f"{file} cannot be read: {' '.join(str(error).split())}"
        ) from error
    if not isinstance(content, dict):
        raise Misconfigured(
            "config", f"{file} holds no settings: write one per line, as language: en"
        )
    strange = [_with_closest(str(key), known) for key in content if key not in known]
    if strange:
        raise Misconfigured(
            "config",
            f"{file}: there is no setting {', '.join(strange)}; earshot/settings lists all",
        )
    return content


def _with_closest(key: str, known: Collection[str]) -> str:
    near = get_close_matches(key.lower().removeprefix(PREFIX.lower()), known, 1)
    return f"{key!r}" + (f" (did you mean {near[0]}?)" if near else "")


class LocalStack(PydanticBaseSettingsSource):
    """The URLs of the stack started by ``earshot up``, for settings that neither the environment
    nor config.yaml names."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        raise NotImplementedError  # this source returns all fields at once

    def __call__(self) -> dict[str, Any]:
        home = Path(
            self.current_state.get("home") or self.settings_cls.model_fields["home"].default
        )
        try:
            return dict(json.loads(stack_file(home).read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError):  # empty after a power failure
            return {}


class NamedDatabase(PydanticBaseSettingsSource):
    """The database of the earlier call pipeline's ``db_`` keys, if no other source names one and no
    local stack is running."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        raise NotImplementedError  # as above

    def __call__(self) -> dict[str, Any]:
        keys = {
            name: value
            for name, value in self.current_state.items()
            if name in CallConfig.model_fields
        }
        try:
            return {"database_url": CallConfig.model_validate(keys).named_database}
        except ValidationError:  # validating the settings reports the same error
            return {}
