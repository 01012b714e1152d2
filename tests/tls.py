"""A TLS server in front of one that speaks plainly: what a managed Redis is, with certificates of a
test's own."""

import asyncio
import ssl
import threading
from concurrent.futures import Future
from contextlib import suppress
from typing import Self

import trustme

BYTES = 1 << 16


class TlsProxy:
    """Takes TLS connections on a loopback port, and carries what they say to another port of this
    machine."""

    def __init__(self, target: int, certificate: trustme.LeafCert) -> None:
        self._target = target
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        certificate.configure_cert(self._context)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._run()))
        self._listening: Future[int] = Future()
        self._over = asyncio.Event()

    @property
    def port(self) -> int:
        return self._listening.result(10)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(10)
        self._loop.close()

    async def _run(self) -> None:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
        self._listening.set_result(server.sockets[0].getsockname()[1])
        await self._over.wait()
        server.close()
        connections = asyncio.all_tasks() - {asyncio.current_task()}
        for each in connections:
            each.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:  # nobody is there: the client learns it the same way
            writer.close()
            return
        await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, ssl.SSLError):  # either end has closed
        while data := await reader.read(BYTES):
            writer.write(data)
            await writer.drain()
    writer.close()
