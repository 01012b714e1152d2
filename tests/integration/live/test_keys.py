"""What is kept of live sessions in Redis and in the store, without a live process."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from earshot.analysis.errors import BadAudio
from earshot.audio.store import whole
from earshot.live.sound import Format
from earshot.storage.redis.live import clients, connected, owners
from earshot.storage.redis.live.keys import Session
from live import keeping
from live.pieces import PIECE_SEC, Pieces

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("own_settings")]
KEPT_SEC = 30.0
Work = Callable[[Redis, Session], Awaitable[None]]
With = Callable[[Work], None]


@pytest.fixture
def with_session() -> With:
    """Runs a coroutine with an open session."""

    async def opened(work: Work) -> None:
        redis, session = connected.connect(), Session(str(uuid4()))
        worker = uuid4().hex
        try:
            await owners.announce(redis, worker, 10)
            admitted, *_ = await clients.open_session(redis, session, {}, "secret", KEPT_SEC)
            assert admitted
            await work(redis, session)
        finally:
            await owners.withdraw(redis, worker)
            await redis.delete("live:open", "live:calls", *session.all())
            await redis.aclose()

    return lambda work: asyncio.run(opened(work))


def test_a_closed_session_is_not_claimed_again(with_session: With) -> None:
    async def work(redis: Redis, session: Session) -> None:
        assert await owners.claim(redis, session, "one")
        assert await owners.claim(redis, session, "other") is None
        await owners.close(redis, session, "one", KEPT_SEC)
        await redis.zadd("live:open", {session.id: 1})  # as seen by a process just before
        assert await owners.claim(redis, session, "other") is None
        assert await owners.orphaned(redis) == []
        assert await redis.ttl(session.state) <= KEPT_SEC

    with_session(work)


def test_a_session_has_an_age_whatever_its_client_sends(with_session: With) -> None:
    async def work(redis: Redis, session: Session) -> None:
        assert await owners.claim(redis, session, "one")
        await redis.hincrby(session.state, "opened", -90_000)
        assert await clients.append(redis, session, 1, 0, []) == (0, 0)  # a keepalive
        ages = await owners.renew(redis, session, "one", KEPT_SEC)
        assert ages is not None
        assert ages.silent < 30
        assert 90 <= ages.open < 120
        assert await owners.renew(redis, session, "other", KEPT_SEC) is None

    with_session(work)


def test_a_recording_is_joined_whole_or_not_at_all(with_session: With) -> None:
    """A successor may have submitted it, and removed its pieces."""

    async def work(_: Redis, session: Session) -> None:
        url, made = keeping.folder(UUID(session.id)), Format("pcm16", 16_000)
        keeping.put(UUID(session.id), 0, bytes(640))
        uri = f"{url}/{keeping.NAME}"
        keeping._join(uri, url, ["000000000000.raw"], made)
        before = whole.read(uri)
        assert len(before) == 44 + 640
        with pytest.raises(BadAudio):
            keeping._join(uri, url, ["000000000000.raw", "000000000009.raw"], made)
        assert whole.read(uri) == before
        folder = Path(url.removeprefix("file://"))
        assert sorted(each.name for each in folder.iterdir()) == ["000000000000.raw", keeping.NAME]

    with_session(work)


def test_a_session_that_is_late_waits_for_a_live_process(with_session: With) -> None:
    """Nothing but a live process stores its sound."""

    async def work(redis: Redis, session: Session) -> None:
        await redis.zadd("live:open", {session.id: 1})
        await clients.open_session(redis, Session(str(uuid4())), {}, "secret", KEPT_SEC)
        assert session.id in await owners.orphaned(redis)

    with_session(work)


def test_claims_without_progress_are_counted(with_session: With) -> None:
    async def work(redis: Redis, session: Session) -> None:
        for _ in range(owners.MOST_CLAIMS):
            claimed = await owners.claim(redis, session, "one")
            assert claimed
            assert not claimed.spent
            await owners.release(redis, session, "one")
        claimed = await owners.claim(redis, session, "one")
        assert claimed
        assert claimed.spent
        assert await owners.commit(redis, session, "one", [], json.dumps({"seq": 0, "claims": 0}))
        await owners.release(redis, session, "one")
        claimed = await owners.claim(redis, session, "one")
        assert claimed
        assert not claimed.spent

    with_session(work)


def test_frames_are_stored_once_in_order_and_until_the_end(with_session: With) -> None:
    async def work(redis: Redis, session: Session) -> None:
        async def append(first: int, *frames: bytes, epoch: int = 1) -> tuple[int, int] | None:
            return await clients.append(redis, session, epoch, first, list(frames))

        assert await append(0, b"a", b"b") == (2, 2)
        assert await append(1, b"b", b"c") == (3, 3)
        assert await append(4, b"e") == (3, 0)  # Redis lost one
        assert await append(3, b"d", epoch=2) is None
        assert await clients.end(redis, session, "too_long")
        assert await append(3, b"d") == (3, 0)
        found = await owners.frames(redis, session, -1, 10)
        assert [each.sound for each in found] == [b"a", b"b", b"c", b""]
        assert found[-1].end == "too_long"

    with_session(work)


def test_pieces_do_not_depend_on_when_frames_come() -> None:
    """A process that lost its session, and its successor, may both store them."""
    frames = [bytes([index]) * 8_000 for index in range(2 * PIECE_SEC * 2 + 30)]

    async def store(session: UUID, at_a_time: int) -> None:
        pieces = Pieces(session, Format("pcm16", 8_000), 0)
        for index, frame in enumerate(frames, 1):
            pieces.add(frame)
            if index % at_a_time == 0:
                await pieces.store(all_of_it=False)
        await pieces.store(all_of_it=True)
        assert pieces.stored == len(frames)

    def stored(session: UUID) -> dict[str, bytes]:
        url = keeping.folder(session)
        return {name: whole.read(f"{url}/{name}") for name in keeping._pieces(url)}

    first, second = uuid4(), uuid4()
    asyncio.run(store(first, 7))
    asyncio.run(store(second, 64))
    assert len(stored(first)) == 3
    assert stored(first) == stored(second)
    assert b"".join(stored(first).values()) == b"".join(frames)
