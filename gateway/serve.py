"""Runs the gateway in the foreground."""

import resource

import uvicorn

from earshot.settings import settings
from gateway import spread
from gateway.silent import ImpatientProtocol
from tasks.process import environment

GRACE_SEC = 10
"""Time for running requests to finish when the gateway stops; streams are ended at once."""


def serve(host: str | None = None, port: int | None = None) -> None:
    """Listens until SIGTERM or Ctrl-C."""
    environment.complete()  # numeric libraries on one thread, before they are loaded
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # 1024 are few for connections
    config = settings()
    server = uvicorn.Config(
        "gateway.app:served",
        factory=True,
        host=host or config.gateway_host,
        port=config.gateway_port if port is None else port,
        workers=config.gateway_processes,
        http=ImpatientProtocol,
        ws="websockets-sansio",
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
