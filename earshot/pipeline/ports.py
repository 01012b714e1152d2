"""Protocols that the program running the pipeline implements."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from earshot.storage.redis.claims import Claim


class Call(NamedTuple):
    """A task with its single JSON argument."""

    task: str
    argument: object


class Publisher(Protocol):
    """Publishes tasks to their queues."""

    def publish(self, task: str, argument: object, /) -> None:
        """Publishes one task.

        Raises:
            Unavailable: ``redis_away``, Redis does not answer or refuses the task.
        """

    def publish_chord(self, header: Sequence[Call], body: Call, /) -> None:
        """Publishes the tasks of ``header``, and ``body`` to run after the last of them; ``body``
        alone if ``header`` is empty.

        Raises:
            Unavailable: as ``publish``. Some of the tasks may have been published.
        """


class Claimant(Protocol):
    """The process that claims chunks and requests; its worker sends heartbeats
    (``earshot.storage.redis.presence``)."""

    def claim(self) -> Claim:
        """A claim of this process, with the current time."""
