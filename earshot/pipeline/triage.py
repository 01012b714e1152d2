"""Sorts the chunks of a job before their analysis: done, claimed elsewhere, fresh, suspect, or
given up."""

from collections.abc import Iterator
from typing import NamedTuple

from redis import Redis

from earshot.analysis.types import ChunkRef, Job
from earshot.settings import settings
from earshot.storage.redis import claims, presence
from earshot.storage.redis.claims import Claim, Fate, Standing
from earshot.storage.redis.presence import Worker


class Open(NamedTuple):
    """A chunk that is not done."""

    ref: ChunkRef
    release: str
    standing: Standing
    died: bool
    """True if the holder of the current claim has died."""

    @property
    def deaths(self) -> int:
        return self.standing.deaths + self.died

    @property
    def victim(self) -> str | None:
        return self.standing.claim.node if self.died and self.standing.claim else self.standing.last


class Sorted(NamedTuple):
    """The unfinished chunks of a job."""

    fresh: list[Open]
    suspect: list[Open]
    """A worker died while it held them. Which chunk of a batch caused it is unknown, so each is
    retried alone."""
    dead: list[Open]
    busy: list[Open]

    def groups(self, *, urgent: bool) -> Iterator[list[Open]]:
        """Groups of chunks to claim, analyse and stage together; single chunks for an urgent
        analysis, whose alarms do not wait for other chunks."""
        if self.fresh and not urgent:
            yield self.fresh
        for each in [*self.fresh, *self.suspect] if urgent else self.suspect:
            yield [each]


def sort(client: Redis, job: Job, mine: Claim) -> Sorted:
    """Sorts the job's chunks for the process that claims with ``mine``."""
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
        # A child process runs one job at a time, so its claims from earlier jobs are void.
        return "handed_back"
    return claims.fate(stand.claim, workers, watching=watching)
