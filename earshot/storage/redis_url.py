"""Client options derived from Redis's URL: for redis-py, and for Celery as broker and as result
backend.

``redis://``, ``rediss://`` (TLS; certificate and host name are checked), or ``unix:///path?db=0``.
"""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit


def celery_url(url: str) -> str:
    """The URL in the notation of Celery and kombu, which use another scheme for sockets."""
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return url
    [db] = parse_qs(parts.query).get("db", ["0"])
    return f"redis+socket://{parts.path}?virtual_host={db}"


def is_tcp(url: str) -> bool:
    """False for a socket, which has no TCP options."""
    return urlsplit(url).scheme != "unix"


def tls(url: str, ca: Path | None) -> dict[str, Any] | None:
    """Options of a TLS connection, by redis-py's names; None for any other.

    Args:
        ca: certificates that the server's must be signed by. Default: those of this system.
    """
    if urlsplit(url).scheme != "rediss":
        return None
    own = {"ssl_ca_certs": str(ca)} if ca else {}
    return {"ssl_cert_reqs": "required", "ssl_check_hostname": True, **own}


def client_options(url: str, ca: Path | None) -> dict[str, Any]:
    """Keyword arguments for ``redis.Redis.from_url`` besides the URL."""
    return {**({"socket_keepalive": True} if is_tcp(url) else {}), **(tls(url, ca) or {})}
