"""Celery's connections to Redis: a gate that filters invalid messages, and refusals treated as lost
connections.

No setting does either. Celery's own handling of such messages writes a page of log, kombu's event
loop loses those that are not JSON with a traceback, and those that only lack a header stay in
``unacked`` and come back for ever. Kombu takes the answer of a read-only replica, or of a full
memory or disk, for a programming error, and the worker ends.
"""

import logging
from functools import partial
from typing import Any

import kombu
from celery.app.amqp import AMQP
from celery.backends.redis import RedisBackend
from celery.exceptions import BackendError
from kombu.transport import redis as kombu_redis
from kombu.utils.objects import cached_property
from redis.exceptions import RedisError

from earshot.analysis.errors import Permanent, Unavailable
from earshot.pools import STAGES, STRANGERS, queues
from earshot.registry import cards
from earshot.storage.redis import client as redis
from earshot.storage.redis import refused
from earshot.storage.redis.client import Parser
from tasks.app import app
from tasks.messages.acknowledgements import QoS
from tasks.messages.embeds import Service
from tasks.messages.envelope import Refused, let_through

log = logging.getLogger(__name__)


PAUSE_MAX_SEC = 5
"""Pause between two attempts to connect. The event loop stands still meanwhile: a worker without
heartbeats for longer counts as dead."""
MARK, MARK_SEC = "writable", 60
"""Written by every new connection: a replica, or a Redis with a full disk, accepts connections and
answers, too."""


class Channel(kombu_redis.Channel):  # type: ignore[misc]  # kombu ships no types
    """Reads only valid messages from queues."""

    QoS = QoS

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        return {**super()._connparams(asynchronous), "parser_class": Parser}

    def _create_client(self, asynchronous: bool = False) -> Any:
        client = super()._create_client(asynchronous)
        client.set_response_callback("BRPOP", _gate)
        return client

    @cached_property
    def subclient(self) -> Any:
        """Reads without waiting: on a dead line redis-py reconnects in the middle of a read, and
        would then wait, without any limit and with the event loop, for the first word on a silent
        line."""
        listener = super().subclient
        listener.parse_response = partial(listener.parse_response, block=False)
        return listener

    def _brpop_start(self, timeout: float | None = None) -> None:
        """Without redis-py's own PING before it: on a dead line that would reconnect unnoticed by
        the event loop, which then asks twice and drops the second answer, a job. Kombu notices an
        unanswered BRPOP itself."""
        self.client.connection.health_check_interval = 0
        super()._brpop_start(timeout)


class Transport(kombu_redis.Transport):  # type: ignore[misc]
    """The transport that ``tasks.app`` registers for the schemes of Redis. It counts as connected
    only when Redis accepts writes."""

    Channel = Channel

    def establish_connection(self) -> Any:
        established = super().establish_connection()
        channel = self._avail_channels[-1]
        try:
            with channel.conn_or_acquire() as client:
                client.set(MARK, "", ex=MARK_SEC)
            channel.qos.give_back()
        except BaseException:
            self._avail_channels.pop().close()
            raise
        return established


class Connection(kombu.Connection):  # type: ignore[misc]
    """Tries again soon, for as long as it takes."""

    def ensure_connection(self, *args: Any, **kwargs: Any) -> Any:
        return super().ensure_connection(*args, **{"interval_max": PAUSE_MAX_SEC, **kwargs})


class Queues(AMQP):  # type: ignore[misc]
    """Celery's own, with that connection."""

    Connection = Connection


class Backend(RedisBackend):  # type: ignore[misc]
    """What ``tasks.app`` gives Celery for results. A result is tracked while a caller waits for it:
    Celery's own keeps an object and a subscription for every task that a process sends, for as long
    as the process lives."""

    def on_task_call(self, producer: object, task_id: str) -> None:
        """Subscribes to nothing."""

    def add_pending_result(
        self, result: Any, weak: bool = False, start_drainer: bool = True
    ) -> Any:
        """Keeps nothing."""
        return result

    def wait_for_pending(self, result: Any, *args: Any, **kwargs: Any) -> Any:
        """What ``AsyncResult.get`` calls."""
        super().add_pending_result(result)
        try:
            return super().wait_for_pending(result, *args, **kwargs)
        finally:
            self.remove_pending_result(result)

    def _create_client(self, **params: Any) -> Any:
        return super()._create_client(**params, parser_class=Parser)

    def on_chord_part_return(self, *args: Any, **kwargs: Any) -> Any:
        """As patient as the storing of results before it: counting a part twice counts it once."""
        return self.ensure(partial(super().on_chord_part_return, **kwargs), args)


def _gate(reply: list[bytes] | None, **_: object) -> tuple[bytes, bytes] | None:
    """The popped message, or None as if there were none."""
    if not reply:
        return None
    queue, message = reply
    # Other queues carry Celery's own control messages and their replies (as `earshot doctor` gets),
    # which are no tasks.
    service = GATED.get(queue.decode())
    if service is None:
        return queue, message
    try:
        return queue, let_through(message, queue.decode(), service)
    except Refused as why:
        _put_aside(queue.decode(), why, message)
        return None


def _signature_of(task: str) -> Any:
    """Celery's own tasks (chunks, maps, ...) are for programs that offer them; this one does
    not."""
    found = None if task.startswith("celery.") else app.tasks.get(task)
    return getattr(found, "__header__", None)


SERVICE = Service((*STAGES, STRANGERS), tuple(card.name for card in cards()), _signature_of)
GATED = dict.fromkeys(queues(), SERVICE)
"""Queues of tasks, and what their messages may name."""


def _put_aside(queue: str, why: Refused, message: bytes) -> None:
    log.error("refused a message on queue %s: %s: %s", queue, why.reason, why)
    try:
        refused.put_aside(redis.client(), queue, why.reason, str(why), message)
        if why.sender_waits_for is not None:
            app.backend.store_result(
                why.sender_waits_for, Permanent(why.reason, str(why)), "FAILURE"
            )
    except (Unavailable, BackendError, RedisError) as error:
        log.error("the refused message could not be put aside: %s", error)
