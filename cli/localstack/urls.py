"""URLs of the local stack's servers: recorded for the other processes of this machine while they
run."""

import json
from pathlib import Path

from earshot.analysis.errors import Misconfigured
from earshot.settings import settings, stack_file


def recorded(home: Path) -> dict[str, str]:
    """``redis_url`` and ``database_url``; empty while the stack is down."""
    try:
        return dict(json.loads(stack_file(home).read_text(encoding="utf-8")))
    except (
        FileNotFoundError,
        ValueError,
    ):  # cut off by a power cut: as if the stack were down, which it is
        return {}


def record(home: Path, redis_url: str, database_url: str) -> None:
    file = stack_file(home)
    part = file.with_suffix(".part")
    part.write_text(
        json.dumps({"redis_url": redis_url, "database_url": database_url}), encoding="utf-8"
    )
    part.replace(file)
    settings.cache_clear()  # settings read before the stack was up lack its URLs


def forget(home: Path) -> None:
    stack_file(home).unlink(missing_ok=True)
    settings.cache_clear()


def are_local() -> bool:
    """True when the settings point at the stack of this machine."""
    return settings().redis_url in recorded(settings().home).values()


def refuse_others(home: Path) -> None:
    """Checks that the settings name no other servers.

    Raises:
        Misconfigured: ``foreign_urls``, the settings name servers that are not the local stack's.
    """
    urls = settings().model_dump(include={"redis_url", "database_url"})
    own = {*recorded(home).values(), settings().named_database}  # the latter gives way to the stack
    foreign = [name for name, url in urls.items() if url and url not in own]
    if foreign:
        named = ", ".join(f"EARSHOT_{name.upper()}" for name in foreign)
        raise Misconfigured(
            "foreign_urls",
            f"{named}: not the local stack's;"
            " unset it, or run `earshot worker` and `earshot ingest` against those servers",
        )
