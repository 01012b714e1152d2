"""Exit code and one-line message for any error."""

import errno
import re
from collections.abc import Callable
from typing import Any

import psycopg
import redis
import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from earshot.analysis.errors import BadAudio, EarshotError, Transient, one_line
from earshot.analysis.urls import masked
from earshot.settings import Settings

SOME_FAILED, USAGE, UNREACHABLE, UNEXPECTED, INTERRUPTED = 1, 2, 3, 70, 130
"""Files failed; the command or a setting is wrong; a service or disk is unavailable; an internal
error; Ctrl-C."""


def explained(error: BaseException) -> tuple[int, str]:
    """Exit code and message of the first matching entry of ``_RULES``."""
    if isinstance(error, ValidationError) and error.title == Settings.__name__:
        return USAGE, _setting(error)
    for kind, code, line in _RULES:
        if isinstance(error, kind):
            return code, line(error)
    return (
        UNEXPECTED,
        f"{type(error).__name__}: {masked(one_line(error))} (a mistake in earshot; -v shows where)",
    )


def _usage(error: Any) -> str:
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    return f"{' '.join(message.split())} (try: earshot --help)"


def _setting(error: ValidationError) -> str:
    first = error.errors()[0]
    name = ".".join(map(str, first["loc"]))
    where = (
        f"EARSHOT_{name.partition('.')[0].upper()} or config.yaml"
        if name
        else "EARSHOT_* and config.yaml"
    )
    return f"setting {name or error.title}: {first['msg']}; check {where}"


def _unparsed(error: SettingsError) -> str:
    """Pydantic names the field; the user has set a variable."""
    field = re.search(r'field "(\w+)" from source "EnvSettingsSource"', str(error))
    what = f"EARSHOT_{field[1].upper()} cannot be parsed" if field else masked(one_line(error))
    return f"""{what}: write lists as JSON, '["a", "b"]', and mappings as '{{"a": 1}}'"""


def _disk(error: Any) -> str:
    if error.errno == errno.ENOSPC:
        return (
            f"the disk is full ({error.filename or 'no file named'}): free some space and try again"
        )
    return f"{error.filename}: {error.strerror}" if error.filename else str(error)


_RULES: tuple[tuple[type[BaseException], int, Callable[[Any], str]], ...] = (
    (BadAudio, SOME_FAILED, str),
    (Transient, UNREACHABLE, str),
    (EarshotError, USAGE, str),
    (typer.TyperException, USAGE, _usage),
    (SettingsError, USAGE, _unparsed),
    (
        redis.RedisError,
        UNREACHABLE,
        lambda error: f"Redis: {masked(one_line(error))}; run `earshot doctor`",
    ),
    (
        psycopg.Error,
        UNREACHABLE,
        lambda error: f"Postgres: {masked(one_line(error))}; run `earshot doctor`",
    ),
    (OSError, UNREACHABLE, _disk),
)
