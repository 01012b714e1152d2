"""Limits the tokens of language models, by recording and by day."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis

from earshot.analysis.errors import Transient
from earshot.analysis.outcome import Outcome, Succeeded
from earshot.analysis.topics.by_model import BY_MODEL
from earshot.analysis.types import Job
from earshot.settings import settings
from earshot.storage.redis import tokens_used


@contextmanager
def limited(client: Redis, job: Job, outcomes: list[Outcome]) -> Iterator[Job]:
    """Yields the job with the tokens that each of its chunks may use. They count as used from then
    on; what the ``outcomes``, which the caller fills in, did not use is given back. After a crash
    the reservation stays, so that no crash lets a day use more.

    Raises:
        Unavailable: Redis is unavailable.
    """
    if job.release.runtime != BY_MODEL:
        yield job
        return
    config, day = settings(), tokens_used.today()
    granted = [
        tokens_used.reserve(
            client, day, config.bedrock_tokens_per_recording, config.bedrock_tokens_per_day
        )
        for _ in job.chunks
    ]
    chunks = tuple(
        ref.model_copy(update={"tokens": tokens})
        for ref, tokens in zip(job.chunks, granted, strict=True)
    )
    try:
        yield job.model_copy(update={"chunks": chunks})
    except Transient:  # before the model was asked: by the store
        tokens_used.correct(client, day, -sum(granted))
        raise
    used = sum(each.tokens for each in outcomes if isinstance(each, Succeeded))
    tokens_used.correct(client, day, used - sum(granted))
