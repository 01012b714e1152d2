"""Looks for an id everywhere a stack keeps anything, without any help of the code under test."""

import base64
import json
import os
import re
from pathlib import Path

from redis import Redis

from earshot.storage.postgres import db
from tests.servers import Stack

SERVERS = ("redis", "postgres", "logs")
"""Folders of a stack's home that are the servers' own, and the logs, which are not searched."""


def everywhere(stack: Stack, *ids: str) -> list[str]:
    """Every place that names one of the ids: table, Redis key or path; except the tombstone and its
    event."""
    wanted = set(ids)
    return [
        *rows(stack, wanted),
        *(
            f"redis {key}"
            for key, text in entries(Redis.from_url(stack.redis_url))
            if wanted & _ids(text)
        ),
        *(f"file {path}" for path in files(stack.home) if wanted & _ids(f"{path} {_text(path)}")),
    ]


def _ids(text: str) -> set[str]:
    return set(re.findall(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", text))


def rows(stack: Stack, wanted: set[str]) -> list[str]:
    with db.connect(stack.database_url) as connection:
        names = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        tables = [row["table_name"] for row in connection.execute(names)]
        found = []
        for table in tables:
            texts = connection.execute(
                f"SELECT t::text AS text FROM {table} t".encode()
            )  # names of our own tables
            found += [
                f"table {table}"
                for row in texts
                if _told(row["text"]) and wanted & _ids(row["text"])
            ]
    return [place for place in found if place != "table tombstone"]


def entries(redis: Redis) -> list[tuple[str, str]]:
    """Every entry of every key as text, arguments of messages decoded."""
    found: list[tuple[str, str]] = []
    for key in redis.scan_iter():
        kind, name = redis.type(key), key.decode()
        if name == "deleted":  # until when late jobs are refused: a part of the tombstone
            continue
        if kind == b"none":  # expired since it was listed
            continue
        values = {
            b"string": lambda key=key: [redis.get(key)],
            b"hash": lambda key=key: [item for pair in redis.hgetall(key).items() for item in pair],
            b"list": lambda key=key: redis.lrange(key, 0, -1),
            b"set": lambda key=key: redis.smembers(key),
            b"zset": lambda key=key: redis.zrange(key, 0, -1),
            b"stream": lambda key=key: [
                b" ".join(fields.values()) for _, fields in redis.xrange(key)
            ],
        }[kind]()
        found += [
            (name, text) for text in [name, *map(_decoded, filter(None, values))] if _told(text)
        ]
    return found


def files(home: Path) -> list[Path]:
    """Every file and folder below the home that is not the servers' own."""
    found = []
    for folder, folders, names in os.walk(home):
        if Path(folder) == home:
            folders[:] = [each for each in folders if each not in SERVERS]
        found += [Path(folder) / name for name in (*folders, *names)]
    return found


def _told(text: str) -> bool:
    return "recording.deleted" not in text


def _decoded(value: bytes) -> str:
    text = value.decode(errors="replace")
    bodies = re.findall(r'"body": "([^"]+)"', text)
    return " ".join([text, *(base64.b64decode(each).decode(errors="replace") for each in bodies)])


def _text(path: Path) -> str:
    return (
        path.read_text(errors="replace")
        if path.suffix in (".json", ".txt") and path.is_file()
        else ""
    )


def receipts(printed: str) -> list[dict[str, object]]:
    """What ``earshot delete --json`` printed."""
    return [json.loads(line) for line in printed.splitlines()]
