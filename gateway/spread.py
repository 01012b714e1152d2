"""Several server processes on one port."""

import os
import socket
from tempfile import TemporaryDirectory

from prometheus_client.multiprocess import mark_process_dead
from uvicorn import Config
from uvicorn.supervisors import Multiprocess

from earshot.analysis.errors import Unavailable


class Spread(Multiprocess):
    """Gives each process a listening socket of its own, between which the kernel distributes new
    connections; of one that they share, the process that wakes first takes all that wait."""

    @property
    def sockets(self) -> list[socket.socket]:
        """A new socket at each call: a process that ends takes its own with it."""
        return [bound(self.config.host, self.config.port, shared=True)]

    @sockets.setter
    def sockets(self, given: list[socket.socket]) -> None:
        """The supervisor's constructor names none."""

    def keep_subprocess_alive(self) -> None:
        """Also takes those that died out of the gauges."""
        before = {process.pid for process in self.processes}
        super().keep_subprocess_alive()
        for pid in before - {process.pid for process in self.processes}:
            mark_process_dead(pid)  # type: ignore[no-untyped-call]


def run(config: Config) -> None:
    """Runs ``config.workers`` processes until SIGTERM or Ctrl-C."""
    with (
        bound(config.host, config.port, shared=True) as reserved,
        TemporaryDirectory(prefix="earshot-metrics-") as folder,
    ):
        config.port = reserved.getsockname()[1]
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder  # before a process imports its client
        Spread(config, []).run()


def check(host: str, port: int) -> None:
    """Checks that the gateway can listen there.

    Raises:
        Unavailable: ``port_taken``, another program listens there, or the address is none of this
            machine's.
    """
    try:  # without the flag: another gateway would share the port, too
        bound(host, port, shared=False).close()
    except OSError as error:
        raise Unavailable(
            "port_taken",
            f"cannot listen on {host}:{port} ({error.strerror}): stop the program that does, or"
            " choose another address with --host and --port",
        ) from error


def bound(host: str, port: int, *, shared: bool) -> socket.socket:
    """A socket with this address, that does not listen yet.

    Args:
        shared: others with this flag may have the address, too.
    """
    family, kind, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    made = socket.socket(family, kind)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        made.bind(address)
    except OSError:
        made.close()
        raise
    return made
