"""What the claims on chunks must say, kept beside them: who holds what, and how many holders of it
have died."""

from collections import Counter
from collections.abc import Iterable
from uuid import uuid4

from redis import Redis

from earshot.analysis.types import ChunkKey
from earshot.storage.redis import claims
from earshot.storage.redis.claims import Claim

Place = tuple[ChunkKey, str]
"""A chunk and the name of an analysis."""
TTL_SEC = 600


class Holders:
    """Takes claims and gives them back, and notes what that must come to."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self.ever: list[tuple[Place, Claim]] = []
        self._held: dict[Place, Claim] = {}
        self._deaths: Counter[Place] = Counter()

    def take(self, place: Place, died: bool) -> None:
        """Two see the same standing, of a holder that has ``died`` perhaps, and want the chunk: one
        gets it."""
        key, name = place
        found = claims.look(self.redis, {key: [name]})[key][name]
        if found.merged:
            return
        died = died and found.claim is not None
        one, other = (Claim(worker=uuid4().hex, node="here", pid=1, since=0) for _ in range(2))
        assert claims.take(self.redis, key, name, found, one, TTL_SEC, died=died)
        assert not claims.take(self.redis, key, name, found, other, TTL_SEC, died=died)
        self._held[place] = one
        self._deaths[place] += died
        self.ever.append((place, one))

    def give_back(self, place: Place, claim: Claim, blame: bool) -> None:
        """Releases a claim as its earlier holder: only the present holder's release has an
        effect."""
        claims.release(self.redis, *place, claim, TTL_SEC, blame=blame)
        if self._held.get(place) == claim:
            del self._held[place]
            self._deaths[place] += blame

    def answered(self, place: Place) -> None:
        """Its outcome is staged."""
        self._held.pop(place, None)

    def merged(self, keys: Iterable[ChunkKey]) -> None:
        """What was known of it is forgotten."""
        gone = set(keys)
        self._held = {place: claim for place, claim in self._held.items() if place[0] not in gone}
        self._deaths = Counter(
            {place: times for place, times in self._deaths.items() if place[0] not in gone}
        )

    def lost(self) -> None:
        """Redis lost everything."""
        self._held.clear()
        self._deaths.clear()

    def check(self) -> None:
        """Raises AssertionError where the claims say anything else."""
        for key, name in {place for place, _ in self.ever}:
            found = claims.look(self.redis, {key: [name]})[key][name]
            assert found.claim == self._held.get((key, name))
            assert found.deaths == self._deaths[key, name]
