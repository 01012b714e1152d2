"""A TCP proxy that can turn into a black hole: what is connected stays connected, and never carries another byte."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

BLOCK = 65536


class Proxy:
    """Listens on a free local port and forwards to ``target``; runs in a thread of its own."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._hole = False
        self._dead: set[asyncio.StreamWriter] = set()
        self._open: set[asyncio.StreamWriter] = set()
        self.port = 0

    @property
    def url(self) -> str:
        """Where a Redis behind it is found."""
        return f"redis://127.0.0.1:{self.port}/0"

    def __enter__(self) -> Self:
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @contextmanager
    def black_hole(self) -> Iterator[None]:
        """Meanwhile nothing passes; what was connected before or meanwhile stays silent for ever."""
        self._loop.call_soon_threadsafe(self._fall_in)
        try:
            yield
        finally:
            self._loop.call_soon_threadsafe(self._climb_out)

    def _fall_in(self) -> None:
        self._hole = True
        self._dead |= self._open

    def _climb_out(self) -> None:
        self._hole = False

    async def _listen(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        if self._hole:
            self._dead.add(writer)
            return
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            self._end(writer)
            return
        self._open.add(back)
        await asyncio.gather(self._pump(reader, back, writer), self._pump(there, writer, back))

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, other: asyncio.StreamWriter) -> None:
        """Forwards one direction until either end closes; a dead pair is left open and unread."""
        try:
            while block := await source.read(BLOCK):
                if sink in self._dead or other in self._dead:
                    return
                sink.write(block)
                await sink.drain()
        except OSError:
            pass
        if sink not in self._dead and other not in self._dead:
            self._end(sink)
            self._end(other)

    def _end(self, writer: asyncio.StreamWriter) -> None:
        self._open.discard(writer)
        writer.close()

    async def _close(self) -> None:
        self._server.close()
        for writer in self._open:
            writer.close()
