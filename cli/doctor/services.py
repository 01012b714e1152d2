"""Checks of services: Redis, Postgres, queues, the audio store, roots, the disk."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import fsspec
import redis as redis_package
from fsspec.implementations.local import LocalFileSystem

from cli.doctor.finding import Finding, fail, ok, warn
from earshot.analysis.keys.sound import used
from earshot.analysis.urls import masked, shown
from earshot.pipeline import standing
from earshot.pools import STRANGERS
from earshot.pools import queues as queue_names
from earshot.settings import settings
from earshot.storage.postgres.db import connect
from earshot.storage.postgres.migrate import pending
from earshot.storage.redis import refused as refused_messages
from earshot.storage.redis.client import client

LITTLE_DISK = 2 * 1024**3
"""Bytes: an hour of stereo is 230 MB in the store, so this is the last warning."""
REPLY_SEC = 1.0


def redis() -> Iterator[Finding]:
    """Reachable, and configured without data loss."""
    connection = client()
    try:
        facts = connection.info()
    except redis_package.RedisError as error:
        url = shown(settings().redis_url)
        yield fail(
            "redis",
            f"{url} does not answer ({masked(str(error))});"
            " run `earshot up`, or correct EARSHOT_REDIS_URL",
        )
        return
    yield ok("redis", f"{facts['redis_version']} answers, {facts['used_memory_human']} used")
    if facts["maxmemory_policy"] != "noeviction":
        yield fail(
            "redis memory",
            f"maxmemory-policy is {facts['maxmemory_policy']}: a full Redis would drop work;"
            " set it to noeviction",
        )
    if not facts["aof_enabled"]:
        yield warn(
            "redis",
            "no append-only file: a restart loses the queues (the ledger sends the work again);"
            " set appendonly yes",
        )


def postgres() -> Iterator[Finding]:
    missing = pending(settings().database_url)
    if missing:
        yield fail(
            "postgres",
            f"answers, but {len(missing)} migrations are not applied; run `earshot migrate`",
        )
    else:
        yield ok("postgres", "answers, all migrations applied")


def queues() -> Iterator[Finding]:
    """Consumers and length of each queue."""
    from tasks.app import app

    connection = client()
    waiting = {name: connection.llen(name) for name in queue_names()}
    consumers: dict[str, int] = dict.fromkeys(waiting, 0)
    for consumed in (app.control.inspect(timeout=REPLY_SEC).active_queues() or {}).values():
        for queue in consumed:
            consumers[queue["name"]] = consumers.get(queue["name"], 0) + 1
    for name, length in waiting.items():
        line = f"{length} waiting, {consumers[name]} workers"
        if consumers[name]:
            yield ok(f"queue {name}", line)
        else:
            pool = "ingest" if name == STRANGERS else name
            level = fail if length else warn
            yield level(
                f"queue {name}",
                f"{line}; start one with `earshot worker {pool}`, or all with `earshot up`",
            )
    with connect() as database:
        rare = standing.apart(database, connection)
    for each in rare:
        line = f"{each.depth} waiting, {each.workers} workers"
        line += f", {each.chunks} recordings to answer" if each.chunks else ""
        if each.workers or not (each.depth or each.chunks):
            yield ok(f"queue {each.pool}", line)
        else:
            yield warn(f"queue {each.pool}", f"{line}; start one with `earshot worker {each.pool}`")


def refused() -> Iterator[Finding]:
    """Messages refused by the workers."""
    counts = refused_messages.counts(client())
    if counts:
        reasons = ", ".join(f"{number} {reason}" for reason, number in sorted(counts.items()))
        yield warn(
            "refused",
            f"{sum(counts.values())} messages were set aside ({reasons});"
            " see them with `earshot dead list`",
        )
    else:
        yield ok("refused", "every message could be worked on")


def store() -> Iterator[Finding]:
    """Writes and reads back."""
    url = f"{settings().store_url.rstrip('/')}/doctor-{uuid4().hex}"
    try:
        fs, path = fsspec.core.url_to_fs(url)
        fs.makedirs(fs._parent(path), exist_ok=True)
        fs.pipe_file(path, b"earshot")
        fs.rm_file(path)
    except (OSError, ValueError, ImportError) as error:
        why = f"cannot be written ({masked(str(error))}); correct EARSHOT_AUDIO_STORE or its rights"
        yield fail("audio store", f"{shown(settings().store_url)} {why}")
    else:
        yield ok("audio store", f"{shown(settings().store_url)} can be written")
    newest, *older = used().names or (None,)
    if newest is None:
        yield ok("encryption", "stored sound is not encrypted; EARSHOT_SOUND_KEYS has it so")
        return
    also = f"; {', '.join(map(str, older))} decrypts" if older else ""
    yield ok("encryption", f"stored sound is encrypted with the key {newest}{also}")


def roots() -> Iterator[Finding]:
    """Roots from which ``ingest.recording`` may read besides the inbox."""
    named = settings().roots
    if not named:
        yield ok(
            "roots",
            "none: only uploads by `earshot ingest` are read;"
            " EARSHOT_ROOTS lets other services name files",
        )
    for url in named:
        if url.startswith(
            ("http://", "https://")
        ):  # read without fsspec (see earshot.audio.store.fetch)
            yield ok("roots", shown(url))
            continue
        try:
            fs, path = fsspec.core.url_to_fs(url)
        except (ValueError, ImportError) as error:
            why = (
                f"cannot be read ({masked(str(error))});"
                " install what it needs, or correct EARSHOT_ROOTS"
            )
            yield fail("roots", f"{shown(url)} {why}")
            continue
        if isinstance(fs, LocalFileSystem) and not Path(path).is_dir():
            yield warn(
                "roots", f"{shown(url)}: no such folder here; workers must see it under this name"
            )
        else:
            yield ok("roots", shown(url))


def disk() -> Iterator[Finding]:
    home = settings().home.resolve()
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    line = f"{free / 1024**3:.1f} GB free at {place}"
    yield (
        ok("disk", line)
        if free > LITTLE_DISK
        else warn("disk", f"{line}; an hour of stereo audio takes 0.23 GB in the store")
    )
