"""Acknowledges messages, and repeats what Redis has refused of it."""

import logging
from typing import Any, ClassVar

from celery.signals import worker_process_init
from kombu.transport import redis as kombu_redis

from earshot.analysis.errors import one_line
from earshot.storage.redis.client import AWAY

log = logging.getLogger(__name__)


class QoS(kombu_redis.QoS):  # type: ignore[misc]  # kombu ships no types
    """Remembers messages that could not be acknowledged or returned while Redis refused; kombu
    leaves them to the visibility timeout, or loses them. A refused acknowledgement, which celery
    only logs, would also reduce the prefetch count by one for good: a worker at zero consumes
    nothing until it is restarted."""

    popped: ClassVar[list[Any]] = []
    """Messages taken from their queue and not yet written to ``unacked``."""
    held: ClassVar[set[str]] = set()
    """Delivery tags in ``unacked`` to be returned to their queues."""
    done: ClassVar[set[str]] = set()
    """Delivery tags in ``unacked`` whose acknowledgement was refused."""

    def append(self, message: Any, delivery_tag: str) -> None:
        try:
            super().append(message, delivery_tag)
        except AWAY:
            self.popped.append(message)
            raise

    def ack(self, delivery_tag: str) -> None:
        try:
            super().ack(delivery_tag)
            self._settle()
        except AWAY as error:
            self._later(self.done, delivery_tag, error)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        try:
            super().reject(delivery_tag, requeue)
        except AWAY as error:
            self._later(self.held if requeue else self.done, delivery_tag, error)

    def _later(self, tags: set[str], delivery_tag: str, error: Exception) -> None:
        log.warning("a message stays unacknowledged for now: %s", one_line(error))
        tags.add(delivery_tag)
        self._quick_ack(delivery_tag)  # no longer counted as prefetched

    def _settle(self) -> None:
        """Repeats refused acknowledgements and returns."""
        if self.done:
            tags = list(self.done)
            with self.pipe_or_acquire() as pipe:
                for tag in tags:
                    self._remove_from_indices(tag, pipe)
                pipe.execute()
            self.done.difference_update(tags)
        for tag in list(self.held):
            self.restore_by_tag(tag)
            self.held.discard(tag)

    def restore_unacked(self, client: Any = None) -> None:
        try:
            super().restore_unacked(client)
        except AWAY:
            self.held.update(self._delivered)
            self._delivered.clear()
            raise

    def give_back(self) -> None:
        """Returns all of them to their queues. Messages in work by a child are then delivered
        twice: the second receiver finds the chunks claimed, or done."""
        while self.popped:
            message = self.popped[-1]
            with self.pipe_or_acquire() as pipe:
                place = message.delivery_info
                self.channel._do_restore_message(
                    message._raw, place["exchange"], place["routing_key"], pipe
                )
                pipe.execute()
            self.popped.pop()
        self._settle()


@worker_process_init.connect
def _own_nothing(**_: Any) -> None:
    """Clears the state in a forked child, which has taken no messages."""
    QoS.popped.clear()
    QoS.held.clear()
    QoS.done.clear()
