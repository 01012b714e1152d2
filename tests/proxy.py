"""A TCP proxy that can turn into a black hole, as with a firewall or a dead host: connections stay
open without traffic."""

import socket
import threading
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit

BYTES = 1 << 16


class Proxy:
    """Forwards one port on this machine to another; see ``black_hole``."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._target = (str(parts.hostname), int(parts.port or 0))
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._sockets = [self._listener]
        self._era: object | None = object()
        self.url = parts._replace(netloc=f"127.0.0.1:{self._listener.getsockname()[1]}").geturl()

    def black_hole(self) -> None:
        """From now on no connection carries another byte, nor does any of these ever again; none is
        closed either. New ones are taken and never answered."""
        self._era = None

    def open(self) -> None:
        """New connections work again; those of before stay dead for ever."""
        self._era = object()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                self._sockets.append(client)
                if self._era is not None:
                    self._connect(client, self._era)

    def _connect(self, client: socket.socket, era: object) -> None:
        try:
            server = socket.create_connection(self._target)
        except OSError:  # nobody there: the client learns it the same way
            client.close()
            return
        self._sockets.append(server)
        for source, sink in ((client, server), (server, client)):
            threading.Thread(target=self._pump, args=(source, sink, era), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, era: object) -> None:
        with suppress(OSError):  # either end has closed
            while data := source.recv(BYTES):
                if self._era is era:
                    sink.sendall(data)
        if self._era is era:
            with suppress(OSError):
                sink.shutdown(socket.SHUT_WR)
