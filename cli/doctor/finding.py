"""The result of one check."""

from typing import Literal, NamedTuple


class Finding(NamedTuple):
    level: Literal["ok", "warn", "fail"]
    subject: str
    line: str
    """The finding; for warn and fail with a remedy."""


def ok(subject: str, line: str) -> Finding:
    return Finding("ok", subject, line)


def warn(subject: str, line: str) -> Finding:
    return Finding("warn", subject, line)


def fail(subject: str, line: str) -> Finding:
    return Finding("fail", subject, line)
