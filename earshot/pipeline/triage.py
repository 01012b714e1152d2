"""Sorts the chunks of a job before work on them begins: done, in other hands, fresh, suspect, or
beyond help."""

from collections.abc import Iterator
from typing import NamedTuple

from redis import Redis

from earshot.analysis.types import ChunkRef, Job
from earshot.settings import settings
from earshot.storage.redis import claims, presence
from earshot.storage.redis.claims import Claim, Fate, Standing
from earshot.storage.redis.presence import Worker


class Open(NamedTuple):
    """A chunk on which something is left to do."""

    ref: ChunkRef
    release: str
    standing: Standing
    died: bool
    """The holder of the claim that was found has died."""

    @property
    def deaths(self) -> int:
        return self.standing.deaths + self.died

    @property
    def victim(self) -> str | None:
        return self.standing.claim.node if self.died and self.standing.claim else self.standing.last


class Sorted(NamedTuple):
    """The chunks of a job that are not done."""

    fresh: list[Open]
    suspect: list[Open]
    """A worker ended at them before. Which chunk of a batch it was nobody knows, so each is tried
    alone."""
    dead: list[Open]
    busy: list[Open]

    def groups(self, *, urgent: bool) -> Iterator[list[Open]]:
        """What to claim, analyse and stage at once: of an urgent analysis one chunk, for its alarms
        do not wait for others."""
        if self.fresh and not urgent:
            yield self.fresh
        for each in [*self.fresh, *self.suspect] if urgent else self.suspect:
            yield [each]


def sort(client: Redis, job: Job, mine: Claim) -> Sorted:
    """How the job's chunks stand now, for the process that claims with ``mine``."""
    stands = claims.look(client, {ref.key: [job.analysis] for ref in job.chunks})
    held = [stand.claim.worker for names in stands.values() if (stand := names[job.analysis]).claim]
    workers = presence.named(client, [mine.worker, *held])
    watching = presence.alive_sec(workers, mine.worker) >= settings().worker_lost_sec
    found = Sorted([], [], [], [])
    for ref in job.chunks:
        stand = stands[ref.key][job.analysis]
        if stand.merged or stand.release == job.release.name:
            continue
        fate = _fate(stand, mine, workers, watching)
        chunk = Open(ref, job.release.name, stand, fate in ("died", "child_died"))
        if fate in ("working", "unsure"):
            found.busy.append(chunk)
        elif chunk.deaths >= settings().max_attempts:
            found.dead.append(chunk)
        elif chunk.deaths:
            found.suspect.append(chunk)
        else:
            found.fresh.append(chunk)
    return found


def _fate(stand: Standing, mine: Claim, workers: dict[str, Worker], watching: bool) -> Fate:
    if stand.claim is None or (stand.claim.worker, stand.claim.pid) == (mine.worker, mine.pid):
        return (
            "handed_back"  # a child does one thing at a time: what it does not do now it has let go
        )
    return claims.fate(stand.claim, workers, watching=watching)
