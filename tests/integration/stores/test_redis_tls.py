"""``rediss://`` alone makes broker, storage and result backend speak TLS, with certificate and host
name checked."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme

from earshot.settings import PROJECT
from tests.servers import Stack
from tests.tls import TlsProxy

pytestmark = pytest.mark.integration

DEMO = str(PROJECT / "demo" / "call.ogg")
CONNECTS = """
from earshot.storage.redis.client import impatient
from tasks.app import app
def broker():
    with app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, timeout=5)
        connection.default_channel.client.ping()
for name, connects in (
    ("storage", lambda: impatient().ping()),
    ("broker", broker),
    ("backend", lambda: app.backend.client.ping()),
):
    try:
        connects()
        print(name, "connected")
    except Exception as error:
        print(name, "refused:", "CERTIFICATE_VERIFY_FAILED" in str(error) or error)
"""
SENDS = """
import sys
from tasks.app import app
request = {"uri": "file:///not/below/a/root.wav"}
print(app.send_task("ingest.recording", [request], queue="ingest").get(timeout=60)["error"]["code"])
"""


@pytest.fixture
def secured(bare_servers: Stack, tmp_path: Path) -> Iterator[Stack]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    port = urlsplit(bare_servers.redis_url).port
    assert port is not None
    with TlsProxy(port, authority.issue_cert("localhost")) as proxy:
        url = f"rediss://localhost:{proxy.port}/0"
        yield replace(bare_servers, redis_url=url, settings={"REDIS_CA": str(tmp_path / "ca.pem")})


def python(stack: Stack, program: str) -> list[str]:
    env = {**os.environ, **stack.env()}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_recording_is_analysed_with_redis_behind_tls(secured: Stack) -> None:
    assert python(secured, CONNECTS) == [
        "storage connected",
        "broker connected",
        "backend connected",
    ]
    with secured.workers("all", "ingest", "merge", "finalize", "scene"):
        done = secured.earshot("ingest", DEMO, "--analyses", "scene")
        assert done.returncode == 0, done.stderr
        assert python(secured, SENDS) == ["outside_roots"]


@pytest.mark.parametrize("wrong", ["certificate", "system", "host"])
def test_a_server_that_is_not_who_it_should_be_is_refused(
    secured: Stack, tmp_path: Path, wrong: str
) -> None:
    if wrong == "certificate":
        trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
        secured.settings["REDIS_CA"] = str(tmp_path / "other.pem")
    elif wrong == "system":
        del secured.settings["REDIS_CA"]
    else:
        secured.redis_url = secured.redis_url.replace("localhost", "127.0.0.1")
    assert python(secured, CONNECTS) == [
        "storage refused: True",
        "broker refused: True",
        "backend refused: True",
    ]


def test_a_url_that_would_switch_checks_off_is_refused(secured: Stack) -> None:
    secured.redis_url += "?ssl_cert_reqs=none"
    done = secured.earshot("list")
    assert done.returncode == 2
    assert "EARSHOT_REDIS_CA" in done.stderr
