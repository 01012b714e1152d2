"""Puts releases in shadow, where they answer beside the active one, and ends that."""

from earshot.analysis.errors import Permanent
from earshot.pipeline.releasing import promotion
from earshot.settings import Settings
from earshot.storage.postgres import releases
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.releases import Change
from earshot.storage.redis import client as redis
from earshot.storage.redis import timings
from earshot.storage.releases import registered, shadows
from earshot.storage.releases.registered import Registered

LABELLED = ("emotion", "noise", "scene", "sentiment")
"""Analyses that give a chunk one label: what can be compared."""


def begin(
    connection: Connection, row: Registered, share: float, change: Change, config: Settings
) -> None:
    """Lets a release answer recordings that are finished from now on, besides the others in shadow;
    or gives it another share of them.

    Args:
        share: of the recordings, above 0, at most 1.

    Raises:
        Permanent: ``not_comparable``, its analysis gives no label; ``answers_already``.
        Misconfigured: its file is missing, or was changed since it was registered.
        Forbidden: its licence does not allow the use of this installation.
    """
    release = row.release
    if release.analysis not in LABELLED:
        raise Permanent(
            "not_comparable",
            f"{release.name}: answers of {release.analysis} have no comparison; those of"
            f" {', '.join(LABELLED)} have",
        )
    promotion.check(row, config)
    costs = spent(release.analysis)
    with connection.transaction():
        releases.lock(connection, release.analysis)
        before = registered.find(connection, release.name, release.analysis)
        releases.say(connection, change)
        if not shadows.begin(connection, release, share, costs):
            raise Permanent("answers_already", f"{release.name} answers already")
        if before.stage == "shadow":  # no change of a stage, so the trigger writes none
            releases.add_event(connection, release, "shadow", "shadow", change)


def end(connection: Connection, row: Registered, change: Change) -> bool:
    """Ends the shadow of a release; its answers stay. False if it is not in shadow."""
    with connection.transaction():
        releases.lock(connection, row.release.analysis)
        releases.say(connection, change)
        return shadows.end(connection, row.release)


def spent(analysis: str) -> dict[str, int]:
    """CPU and sound of the analysis's workers so far, both in ms: of all its releases.

    Raises:
        Unavailable: Redis does not answer.
    """
    found = timings.read(redis.client()).get(analysis, {})
    return {name: found.get(name, 0) for name in ("cpu_ms", "sound_ms")}
