"""Tokens of language models are counted by day over all processes, and never beyond the limit."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from redis import Redis

from earshot.analysis.errors import Unavailable
from earshot.analysis.outcome import Outcome, Skipped, Succeeded
from earshot.analysis.topics.by_model import BY_MODEL
from earshot.analysis.types import Job, Release
from earshot.pipeline.topics import spending
from earshot.storage.redis import client, tokens_used
from tests.chunks import chunk

pytestmark = pytest.mark.integration


@pytest.fixture
def day(redis_url: str) -> str:
    return f"test-{uuid4()}"


def test_many_at_once_get_no_more_than_the_limit(redis_url: str, day: str) -> None:
    def reserve(_: int) -> int:
        with Redis.from_url(redis_url) as own:
            return tokens_used.reserve(own, day, 700, 10_000)

    with ThreadPoolExecutor(8) as pool:
        granted = list(pool.map(reserve, range(40)))
    assert sum(granted) == 10_000
    assert set(granted) == {700, 200, 0}
    with Redis.from_url(redis_url) as redis:
        assert 0 < redis.ttl(f"tokens:{day}") <= tokens_used.KEPT_SEC
        tokens_used.correct(redis, day, -500)
        assert tokens_used.reserve(redis, day, 700, 10_000) == 500
        assert tokens_used.reserve(redis, day, 700, 100) == 0, "a limit that was lowered"


def job(runtime: str) -> Job:
    release = Release(analysis="topics", name="b2c", runtime=runtime, uri="", sha256="")
    return Job(analysis="topics", batch_id=uuid4(), release=release, chunks=(chunk(9),), sent_at=1)


@pytest.mark.usefixtures("own_settings")
def test_a_job_may_use_what_was_reserved_and_the_rest_is_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("EARSHOT_BEDROCK_TOKENS_PER_RECORDING", "1000")
    monkeypatch.setenv("EARSHOT_BEDROCK_TOKENS_PER_DAY", "1500")
    redis, day = client.client(), tokens_used.today()
    redis.delete(f"tokens:{day}")

    def used() -> int:
        return int(redis.get(f"tokens:{day}") or 0)  # type: ignore[arg-type]

    with spending.limited(redis, job("glossary"), []) as plain:
        assert (plain.chunks[0].tokens, used()) == (None, 0)
    outcomes: list[Outcome] = []
    with spending.limited(redis, job(BY_MODEL), outcomes) as first:
        assert (first.chunks[0].tokens, used()) == (1000, 1000)
        with spending.limited(redis, job(BY_MODEL), [Skipped(reason="no_words")]) as second:
            assert (second.chunks[0].tokens, used()) == (500, 1500)
        outcomes.append(Succeeded(findings={}, tokens=120))
    assert used() == 120
    with pytest.raises(Unavailable), spending.limited(redis, job(BY_MODEL), []):
        raise Unavailable("store_unavailable", "the transcript cannot be read")
    assert used() == 120
    with pytest.raises(KeyboardInterrupt), spending.limited(redis, job(BY_MODEL), []):
        raise KeyboardInterrupt
    assert used() == 1120, "what a stopped worker may have used"
