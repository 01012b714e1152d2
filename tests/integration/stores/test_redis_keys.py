"""Redis keys without an expiry: only known ones."""

import pytest
from redis import Redis

from earshot.pools import queues
from earshot.storage.redis.client import without_expiry
from tests.servers import Stack

pytestmark = pytest.mark.integration


def test_a_strangers_key_is_named_and_none_of_ours(bare_servers: Stack) -> None:
    client = Redis.from_url(bare_servers.redis_url)
    ours = (
        "scene",
        "celery",
        "events",
        "unacked_index",
        "unacked_train_noise_classifier",
        "_kombu.binding.celery.pidbox",
    )
    strange = ("sessions", "cache_of_another_program", "unackedly")
    try:
        for key in (*ours, *strange):
            client.set(key, "1")
        client.set("passing", "1", ex=60)
        assert set(strange) == set(without_expiry(client, queues())) & {*ours, *strange, "passing"}
    finally:
        client.delete(*ours, *strange, "passing")
