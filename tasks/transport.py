"""The Redis transport behind a gate: a message that no task can work on is put aside before Celery takes it.

No setting does this. Celery's own handling of such messages writes a page of log, kombu's event loop loses what is not JSON
with a traceback, and what only lacks a header stays in ``unacked`` and comes back for ever.
"""

import logging
from functools import partial
from typing import Any

from celery.exceptions import BackendError
from kombu.transport import redis as kombu_redis
from kombu.utils.objects import cached_property
from redis.exceptions import RedisError

from analysis.errors import Permanent, Unavailable
from settings import settings
from storage import redis, refused
from tasks.app import app
from tasks.embeds import Service
from tasks.envelope import Refused, let_through
from workers.pools import STAGES, STRANGERS, queues
from workers.registry import cards

log = logging.getLogger(__name__)


class Channel(kombu_redis.Channel):  # type: ignore[misc]  # kombu ships no types
    """Reads from queues what can be worked on, and nothing else."""

    def _create_client(self, asynchronous: bool = False) -> Any:
        client = super()._create_client(asynchronous)
        client.set_response_callback("BRPOP", _gate)
        return client

    @cached_property
    def subclient(self) -> Any:
        """Reads what there is and never waits: on a dead line redis-py connects anew in the midst of a read, and would then
        wait, without any limit and with the event loop, for the first word on a line where nobody has anything to say."""
        listener = super().subclient
        listener.parse_response = partial(listener.parse_response, block=False)
        return listener

    def _brpop_start(self, timeout: float | None = None) -> None:
        """Without redis-py's own PING before it: on a dead line that would connect anew unseen by the event loop, which then
        asks twice and throws the second answer, a job, away. A BRPOP that is not answered is kombu's to notice, and it does."""
        self.client.connection.health_check_interval = 0
        super()._brpop_start(timeout)


class Transport(kombu_redis.Transport):  # type: ignore[misc]
    """What ``tasks.app`` gives kombu for the schemes of Redis."""

    Channel = Channel


def _gate(reply: list[bytes] | None, **_: object) -> tuple[bytes, bytes] | None:
    """The popped message, or None as if nothing had come."""
    if not reply:
        return None
    queue, message = reply
    # Other queues carry Celery's own control messages and their replies (as `earshot doctor` gets), which are no tasks.
    if queue.decode() not in queues():
        return queue, message
    try:
        return queue, let_through(message, queue.decode(), SERVICE)
    except Refused as why:
        _put_aside(queue.decode(), why, message)
        return None


def _signature_of(task: str) -> Any:
    """Celery's own tasks (chunks, maps, ...) are for programs that offer them; this one does not."""
    found = None if task.startswith("celery.") else app.tasks.get(task)
    return getattr(found, "__header__", None)


SERVICE = Service((*STAGES, STRANGERS), tuple(card.name for card in cards()), _signature_of)


def _put_aside(queue: str, why: Refused, message: bytes) -> None:
    log.error("refused a message on queue %s: %s: %s", queue, why.reason, why)
    try:
        refused.put_aside(redis.client(settings().redis_url), queue, why.reason, str(why), message)
        if why.sender_waits_for is not None:
            app.backend.store_result(why.sender_waits_for, Permanent(why.reason, str(why)), "FAILURE")
    except (Unavailable, BackendError, RedisError) as error:
        log.error("the refused message could not be put aside: %s", error)
