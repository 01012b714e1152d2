"""A child's message that is half read when a connection is lost is read to its end, and not taken
for two."""

import os
import pickle
import struct
from collections.abc import Iterator

import pytest
from kombu.asynchronous import Hub

from tasks.process.pool import ResultHandler

MESSAGE = (2, ("a traceback " * 1000,))


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    yield reader, writer
    for end in (reader, writer):
        os.close(end)


def written(message: object) -> bytes:
    body = pickle.dumps(message)
    return struct.pack(">i", len(body)) + body


def handler(received: list[object], queues: dict[int, object]) -> ResultHandler:
    found = ResultHandler(*[None] * 9, fileno_to_outq=queues, on_process_alive=None)
    found.on_state_change = received.append
    return found


def loop(results: ResultHandler, reader: int, hub: Hub) -> None:
    """As Celery's worker does when it is connected again."""
    results.register_with_event_loop(hub)
    hub.add_reader(reader, results.handle_event, reader)


def turn(hub: Hub, received: list[object], messages: int) -> None:
    """Until so many messages are there, or would be long since."""
    for _ in range(10 * messages):
        if len(received) < messages:
            hub.run_once()


@pytest.mark.parametrize("read", [2, 4, 5000])
def test_a_message_that_was_half_read_is_read_to_its_end(pipe: tuple[int, int], read: int) -> None:
    reader, writer = pipe
    received: list[object] = []
    results, hub, text = handler(received, {reader: object()}), Hub(), written(MESSAGE)
    loop(results, reader, hub)
    os.write(writer, text[:read])
    hub.run_once()
    hub.reset()
    loop(results, reader, hub)
    os.write(writer, text[read:] + written((3, ())))
    turn(hub, received, 2)
    assert received == [MESSAGE, (3, ())]


def test_what_a_dead_child_left_unfinished_is_not_that_of_the_next(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    received: list[object] = []
    queues: dict[int, object] = {reader: object()}
    results, hub = handler(received, queues), Hub()
    loop(results, reader, hub)
    os.write(writer, written(MESSAGE)[:100])
    hub.run_once()
    hub.reset()
    queues[reader] = object()
    loop(results, reader, hub)
    os.write(writer, written((3, ())))
    turn(hub, received, 1)
    assert received == [(3, ())]
