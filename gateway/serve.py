"""Runs the gateway in the foreground."""

import resource
from collections.abc import Callable

import uvicorn

from earshot.analysis.errors import Misconfigured
from earshot.settings import settings
from gateway import spread
from gateway.events.refusing import RefusingProtocol
from gateway.silent import ImpatientProtocol
from tasks.process import environment

GRACE_SEC = 10
"""Time for running requests to finish when the gateway stops; streams are ended at once."""


def serve(say: Callable[[str], None], host: str | None = None, port: int | None = None) -> None:
    """Listens until SIGTERM or Ctrl-C, and says where.

    Raises:
        Misconfigured: ``database_url``, there is no database.
        Unavailable: ``port_taken``, it cannot listen there.
    """
    environment.complete()  # numeric libraries on one thread, before they are loaded
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # 1024 are few for connections
    config = settings()
    if not config.database_url:
        raise Misconfigured(
            "database_url", "no database: run `earshot up`, or set EARSHOT_DATABASE_URL"
        )
    host, port = host or config.gateway_host, config.gateway_port if port is None else port
    spread.check(host, port)
    say(f"the gateway listens on http://{host}:{port}  (Ctrl-C ends it)")
    server = uvicorn.Config(
        "gateway.app:served",
        factory=True,
        host=host,
        port=port,
        workers=config.gateway_processes,
        http=ImpatientProtocol,
        ws=RefusingProtocol,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_SEC,
        ws_max_size=1 << 20,
    )
    if server.workers > 1:
        spread.run(server)
    else:
        uvicorn.Server(server).run()
