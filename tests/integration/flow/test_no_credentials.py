"""What opens doors (passwords in URLs, signatures in their queries) is in no output: error, row,
event, log, task event."""

import base64
import json
import os
import subprocess
import sys

import pytest
from redis import Redis
from redis.client import PubSub

from earshot.storage.postgres import db
from earshot.storage.redis import stream
from tests.integration.enqueue import enqueue
from tests.servers import Stack

pytestmark = pytest.mark.integration

SECRET = "topsecret"


def test_a_signed_url_is_told_without_its_signature(stage: Stack) -> None:
    uri = f"https://user:{SECRET}@calls.example/7.wav?X-Amz-Signature={SECRET}"
    with (
        Redis.from_url(stage.redis_url, socket_timeout=30).pubsub() as listener,
        stage.workers("ingest", "ingest"),
    ):
        listener.psubscribe("*celeryev*")
        reply = enqueue(stage, {"uri": uri})
        task_events = _task_events(listener)
    assert "task-received" in task_events
    assert "calls.example" in task_events
    assert reply["error"]["detail"].startswith("https://calls.example/7.wav")
    logs = "".join(log.read_text(encoding="utf-8") for log in (stage.home / "logs").glob("*.log"))
    events = list(stream.read(Redis.from_url(stage.redis_url), count=100))
    with db.connect(stage.database_url) as connection:
        row = connection.execute(
            "SELECT to_jsonb(r) - 'request' AS told, request FROM recording r"
        ).fetchone()
    assert row is not None
    assert row["request"]["uri"] == uri, "what is sent again must be what was asked for"
    told = [reply, logs, events, row["told"], task_events, stage.earshot("list").stdout]
    assert events
    assert SECRET not in repr(told)


def _task_events(listener: PubSub) -> str:
    """The task events received by Flower, up to the end of the task."""
    told = ""
    for message in listener.listen():
        if message["type"] == "pmessage":
            told += base64.b64decode(json.loads(message["data"])["body"]).decode()
        if "task-succeeded" in told:
            break
    return told


@pytest.mark.parametrize("verb", ["doctor", "list", "repair"])
@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("REDIS", f"redis://:{SECRET}@127.0.0.1:1/0"),
        ("DATABASE", f"postgresql://user:{SECRET}@127.0.0.1:1/x"),
        ("DATABASE", f"postgresqll://user:{SECRET}@127.0.0.1:1/x"),
        ("REDIS", f"redish://:{SECRET}@127.0.0.1:1/0"),
    ],
)
def test_a_server_that_is_away_is_told_without_its_password(
    bare_servers: Stack, verb: str, name: str, url: str
) -> None:
    env = {**os.environ, **bare_servers.env(), f"EARSHOT_{name}_URL": url}
    done = subprocess.run(
        [sys.executable, "-m", "earshot", verb],
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode != 0 or verb != "doctor"
    assert SECRET not in done.stdout + done.stderr
