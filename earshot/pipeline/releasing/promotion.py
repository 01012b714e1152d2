"""Promotes a release and rolls back: one transaction each, effective with the next dispatch."""

from collections.abc import Sequence
from typing import NamedTuple

from earshot.analysis.errors import EarshotError, Forbidden, Permanent
from earshot.analysis.types import Release
from earshot.models.checkpoints import catalog, licence
from earshot.models.checkpoints.catalog import Checkpoint
from earshot.models.checkpoints.defaults import default_release
from earshot.models.checkpoints.location import digest, locate
from earshot.settings import Settings
from earshot.storage.postgres import releases
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.releases import Change
from earshot.storage.releases import registered
from earshot.storage.releases.registered import Event, Registered


class RolledBack(NamedTuple):
    """What answered, what answers now, and why releases in between were passed over."""

    analysis: str
    before: str
    now: Release
    skipped: tuple[str, ...]


def promote(
    connection: Connection,
    candidate: Registered,
    change: Change,
    config: Settings,
    instead_of: str | None = None,
) -> None:
    """Lets a registered release answer.

    Args:
        instead_of: the release that it was compared with.

    Raises:
        Permanent: ``changed_meanwhile``, another one answers by now.
        Misconfigured: its file is missing, or was changed since it was registered.
        Forbidden: its licence does not allow the use of this installation.
    """
    check(candidate, config)
    release = candidate.release
    default = default_release(release.analysis)
    releases.activate(connection, release, change, default, instead_of)


def check(candidate: Registered, config: Settings) -> None:
    """Raises as ``promote``."""
    entries = catalog.known(config.models_catalog)
    entry = next((each for each in entries if each.name == candidate.release.name), None)
    if entry is not None:
        licence.check(entry, config.commercial_use)
    elif config.commercial_use and licence.forbids(candidate.licence or "unknown"):
        raise Forbidden(
            "licence",
            f"{candidate.release.name}: its licence ({candidate.licence or 'unknown'}) does not"
            " allow commercial use, and EARSHOT_COMMERCIAL_USE is true",
        )
    locate(candidate.release, config)


def rollback(
    connection: Connection, analysis: str | None, why: str, by: str, config: Settings
) -> RolledBack:
    """Restores the release that answered before, the last whose files are still as they were.

    Args:
        analysis: default: that of the last promotion.

    Raises:
        Permanent: ``nothing_before``, no release was promoted, or none before it is intact.
    """
    with connection.transaction():
        events = registered.events(connection)
        found = analysis or last_promoted(events)
        if found is None:
            raise Permanent(
                "nothing_before", "no release is promoted: the catalog's defaults answer"
            )
        releases.lock(connection, found)
        events = registered.events(connection, found)  # as they are while nothing else changes them
        default, stack = default_release(found), before_it(events, found)
        now = stack[-1].release if stack else default.name
        skipped: list[str] = []
        for event in reversed(stack[:-1]):
            release = _intact(connection, event, config, skipped)
            if release is not None:
                break
        else:
            release = default if now != default.name else None
        if release is not None:
            _restore(connection, release, Change(by=by, why=why))
            return RolledBack(found, now, release, tuple(skipped))
    raise Permanent(
        "nothing_before", "; ".join((f"there is nothing to go back to for {found}", *skipped))
    )


def before_it(events: Sequence[Event], analysis: str) -> list[Event]:
    """The releases that answered, oldest first, the last is the current one. A release that came
    back has its old place: what answered in between is no longer before it."""
    stack: list[Event] = []
    ended: Event | None = None
    for event in events:
        if event.analysis != analysis or "active" not in (event.from_stage, event.to_stage):
            continue
        if event.to_stage != "active":
            stack = stack or [event]  # the catalog's default, before the first promotion
            ended = event
        else:
            stack, ended = _with(stack, event), None
    default = default_release(analysis).name
    if ended is not None and ended.release != default:  # by a process that records no successor
        stack = _with(stack, ended.model_copy(update={"release": default, "sha256": ""}))
    return stack


def _with(stack: list[Event], event: Event) -> list[Event]:
    names = [each.release for each in stack]
    if event.release in names:
        return stack[: names.index(event.release) + 1]
    return [*stack, event]


def last_promoted(events: Sequence[Event]) -> str | None:
    """The analysis whose current release was promoted last; None if the catalog's defaults
    answer."""
    stacks = [before_it(events, name) for name in {event.analysis for event in events}]
    tops = [stack[-1] for stack in stacks if stack]
    tops = [top for top in tops if top.release != default_release(top.analysis).name]
    return max(tops, key=lambda event: event.id).analysis if tops else None


def of_catalog(entry: Checkpoint, config: Settings) -> Release:
    """An entry as a release, with the digest found by the pull if the catalog has none: workers
    elsewhere must then match it."""
    release = entry.release()
    if release.sha256 or not entry.fetched:
        return release
    parts = catalog.parts(entry, catalog.known(config.models_catalog))
    return release.model_copy(update={"sha256": digest(parts, config.models_folder)})


def _restore(connection: Connection, release: Release, change: Change) -> None:
    default = default_release(release.analysis)
    if release == default:
        releases.deactivate(connection, default, change)
    else:
        releases.activate(connection, release, change, default)


def _intact(
    connection: Connection, event: Event, config: Settings, skipped: list[str]
) -> Release | None:
    """The release of an event, if its files are here with the same sha256; else the reason is
    added to ``skipped``."""
    default = default_release(event.analysis)
    found = releases.named(connection, event.analysis, event.release)
    if found is None and event.release == default.name:
        found = default
    if found is None:
        entries = catalog.known(config.models_catalog)
        found = next(
            (of_catalog(each, config) for each in entries if each.name == event.release), None
        )
    if found is None:
        skipped.append(f"{event.release} is not known any more")
        return None
    if event.sha256 not in ("", found.sha256) and found != default:
        skipped.append(f"{event.release} has another content now")
        return None
    try:
        for row in registered.listed(connection, event.analysis):
            if row.release == found:
                check(row, config)
        if found.uri:
            locate(found, config)
    except EarshotError as error:
        skipped.append(str(error))
        return None
    return found
