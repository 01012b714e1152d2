"""Checks of stored data: amount by class, age, and retention."""

import time
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from redis import Redis

from cli.doctor.finding import Finding, ok, warn
from earshot.audio.store.leftovers import Stored, stored
from earshot.pools import APART, queues
from earshot.settings import settings
from earshot.storage import retention
from earshot.storage.postgres import tombstones
from earshot.storage.postgres.db import connect
from earshot.storage.redis import refused, stream
from earshot.storage.redis.client import client, without_expiry

DAY_SEC = 86_400.0
LONG_DAYS = 90
"""Data without a limit that is older than this is a warning."""
LATE_SEC = 3600.0
"""Maximum time of an open deletion, or of data past its limit, before it is a warning."""
UNITS = ((1024**3, "GB"), (1024**2, "MB"), (1024, "kB"))


class _Class(NamedTuple):
    """One class of what is kept; ``what`` is one of it, in words; times in seconds since the
    epoch."""

    name: str
    number: int
    what: str
    size: int
    oldest: float | None


def kept() -> Iterator[Finding]:
    """One line for each class of ``settings.Retention``."""
    with connect() as connection:
        sizes = retention.sizes(connection)
        open_, named = tombstones.not_whole(connection, LATE_SEC)
    redis = client()
    words = {"audio": "recordings", "failed": "recordings"}
    classes = [
        _Class(name, each["number"], words.get(name, name), each["bytes"], each["oldest"])
        for name, each in sizes.items()
    ]
    classes += [
        _uploads(stored(settings().store_url, "inbox")),
        _Class("refused", *_refused(redis)),
    ]
    in_stream, stream_bytes = stream.size(redis)
    for each in classes:
        extra = (
            f", {in_stream} in the stream with {_size(stream_bytes)} of Redis"
            if each.name == "events"
            else ""
        )
        yield _finding(each, extra)
    if open_:
        yield warn(
            "deletions",
            f"{open_} are open for more than an hour;"
            " upkeep goes on with them: see its log for why",
        )
    if named:
        yield warn(
            "deletions",
            f"{named} deleted recordings were still named somewhere;"
            " their receipts (`delete ID --json`) say where",
        )
    strange = without_expiry(redis, (*queues(), *APART))
    if strange:
        yield warn(
            "redis keys",
            f"{len(strange)} without an expiry that this version does not know, e.g. {strange[0]}",
        )


def _finding(each: _Class, extra: str) -> Finding:
    days: float | None = getattr(settings().retention, each.name)
    age = (time.time() - each.oldest) / DAY_SEC if each.oldest is not None and each.number else 0.0
    since = f", the oldest {age:.0f} days old" if each.number else ""
    line = f"{each.number} {each.what}, {_size(each.size)}{extra}{since}"
    if days is None:
        setting = f"EARSHOT_RETENTION='{{\"{each.name}\": DAYS}}' sets a limit"
        finding = warn if age > LONG_DAYS else ok
        return finding(f"kept {each.name}", f"{line}; for ever: {setting}")
    late = age - days > LATE_SEC / DAY_SEC and not settings().retention_of
    return (
        warn(
            f"kept {each.name}",
            f"{line}; for {days:g} days, which upkeep does not keep: does it run?",
        )
        if late
        else ok(f"kept {each.name}", f"{line}; for {days:g} days")
    )


def _uploads(files: Iterable[Stored]) -> _Class:
    found = [each for each in files if not each.path.endswith("/")]
    oldest = min((each.modified_at for each in found), default=None)
    return _Class("uploads", len(found), "files", sum(each.size for each in found), oldest)


def _refused(redis: Redis) -> tuple[int, str, int, float | None]:
    number, size, oldest = refused.size(redis)
    return number, f"messages of at most {refused.MAX_KEPT}", size, oldest


def _size(number: int) -> str:
    return next(
        (f"{number / unit:.1f} {name}" for unit, name in UNITS if number >= unit), f"{number} B"
    )
