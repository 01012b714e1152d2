"""`celery -A src.api.tasks worker`, as docs/noise.md writes it: on the local stack's socket, and on
Redis behind TLS."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme
from redis import Redis

from cli.localstack import processes, redis, waiting
from earshot.settings import PROJECT
from earshot.storage.redis import refused
from tests.servers import Stack
from tests.tls import TlsProxy

pytestmark = pytest.mark.integration

NAME = "train_noise_classifier"
SENDS = """
from src.api.tasks import train_noise_classifier
print(train_noise_classifier.delay("nowhere").get(timeout=60, propagate=False))
"""


@contextmanager
def behind(stage: Stack, scheme: str, folder: Path) -> Iterator[Stack]:
    """The servers by another URL."""
    if scheme == "unix":
        yield replace(stage, redis_url=redis.url(stage.home))
        return
    authority, port = trustme.CA(), urlsplit(stage.redis_url).port
    assert port is not None
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    with TlsProxy(port, authority.issue_cert("localhost")) as proxy:
        yield replace(
            stage,
            redis_url=f"rediss://localhost:{proxy.port}/0",
            settings={"REDIS_CA": str(folder / "ca.pem")},
        )


@pytest.mark.parametrize("scheme", ["unix", "rediss"])
def test_a_training_is_taken_up_and_answered(stage: Stack, tmp_path: Path, scheme: str) -> None:
    client = Redis.from_url(stage.redis_url)
    with behind(stage, scheme, tmp_path) as stack:
        env = {
            **stack.env(),
            "PYTHONPATH": os.pathsep.join((str(PROJECT), str(PROJECT / "compat"))),
        }
        argv = [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "src.api.tasks",
            "worker",
            "-Q",
            NAME,
            "--concurrency",
            "1",
        ]
        client.lpush(NAME, b"garbage{")
        worker = processes.start(stage.home, "training", argv, env, cwd=tmp_path)
        try:
            sent = subprocess.run(
                [sys.executable, "-c", SENDS],
                env={**os.environ, **env},
                capture_output=True,
                text=True,
                timeout=90,
                check=False,
            )
            assert (
                "nowhere/train has neither labels.csv nor a folder of sound files" in sent.stdout
            ), sent.stderr
            waiting.until(
                lambda: not client.exists(NAME, f"unacked_{NAME}"),
                30,
                "the queue empty",
                worker.log,
            )
            assert worker.alive()
        finally:
            processes.stop(stage.home, ["training"], 20)
    assert refused.counts(client) == {"not_json": 1}
    assert not client.exists("unacked")
