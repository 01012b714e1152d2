"""The event stream at its bound: what it dropped for its number is not taken for lost, and what
Redis lost is."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from redis import Redis

from cli.localstack import waiting
from earshot.storage.redis import stream
from tests.servers import Stack

pytestmark = pytest.mark.integration

FILL = "for n = 1, ARGV[1] do redis.call('XADD', KEYS[1], '*', 'event', '{}') end"


@pytest.fixture
def redis(bare_servers: Stack) -> Iterator[Redis]:
    client = Redis.from_url(bare_servers.redis_url)
    client.delete(stream.KEY, "events_trimmed")
    yield client
    client.delete(stream.KEY, "events_trimmed")


def publish(redis: Redis, number: int) -> list[str]:
    return stream.publish(redis, [{"id": str(uuid4())} for _ in range(number)])


def test_what_was_dropped_is_not_lost_though_deletions_made_the_stream_short(redis: Redis) -> None:
    [old] = publish(redis, 1)
    assert stream.oldest_kept(redis) is None
    redis.eval(FILL, 1, stream.KEY, stream.MAX_EVENTS)
    *_, kept, lost = publish(redis, 300)
    assert redis.xrange(stream.KEY, old, old) == []
    withdrawn = [entry for entry, _ in redis.xrange(stream.KEY, count=1000)]
    stream.withdraw(redis, [], [entry.decode() for entry in withdrawn])
    redis.xdel(stream.KEY, lost)  # as after a crash, with the last second of its file
    assert redis.xlen(stream.KEY) < stream.MAX_EVENTS
    assert stream.present(redis, [old, kept, lost]) == {old, kept}
    assert stream.oldest_kept(redis) == pytest.approx(int(withdrawn[0].split(b"-")[0]) / 1000)


def _now_ms(redis: Redis) -> int:
    seconds, micros = redis.time()
    return int(seconds) * 1000 + int(micros) // 1000


def test_after_redis_was_emptied_everything_is_lost(redis: Redis) -> None:
    published = publish(redis, 3)
    redis.delete(stream.KEY)
    last_ms = int(published[-1].split("-")[0])
    waiting.until(lambda: _now_ms(redis) > last_ms, 10, "a later stream id")
    publish(redis, 1)
    assert stream.present(redis, published) == set()
