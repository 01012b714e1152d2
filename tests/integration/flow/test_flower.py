"""Flower shows pools and tasks by their names, and no transcripts."""

import base64
import json
import os
import socket
import sys
from itertools import pairwise
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import yaml

from cli.localstack import processes, waiting
from earshot.pools import pools
from earshot.settings import PROJECT
from earshot.storage.postgres import db, recordings
from tests.integration.enqueue import enqueue
from tests.servers import Stack

pytestmark = pytest.mark.integration


def fetch(url: str) -> str:
    with urlopen(url, timeout=20) as answer:
        return str(answer.read().decode())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_containers_flower_asks_for_its_password(bare_servers: Stack, tmp_path: Path) -> None:
    """The lines of the compose file, with a secret of this test's."""
    service, port = (
        yaml.safe_load((PROJECT / "docker-compose.yml").read_text(encoding="utf-8"))["services"][
            "flower"
        ],
        free_port(),
    )
    secret = tmp_path / "flower_password"
    secret.write_text("p@ss $HOME:1\n", encoding="utf-8")
    shell, flag, script, name = service["entrypoint"]
    script = script.replace("$$", "$").replace("/run/secrets/flower_password", str(secret))
    env = {**bare_servers.env(), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    argv = [shell, flag, script, name, "flower", "--port", str(port)]
    process = processes.start(bare_servers.home, "flower", argv, env)
    site = f"http://127.0.0.1:{port}"
    try:
        waiting.until(lambda: _answers(site), 60, "Flower", process.log)
        with pytest.raises(HTTPError) as refused:
            fetch(f"{site}/workers?json=1")
        assert refused.value.code == 401
        said = base64.b64encode(b"earshot:p@ss $HOME:1").decode()
        with urlopen(
            Request(f"{site}/workers?json=1", headers={"Authorization": f"Basic {said}"}),
            timeout=20,
        ) as answer:
            assert answer.status == 200
    finally:
        processes.stop(bare_servers.home, ["flower"], 10)
    secret.write_text("\n", encoding="utf-8")
    process = processes.start(bare_servers.home, "flower", argv, env)
    waiting.until(lambda: not process.alive(), 30, "Flower without a password to end", process.log)


def test_flower_shows_pools_and_tasks_and_no_transcript(stack: Stack) -> None:
    port = free_port()
    argv = [sys.executable, "-m", "earshot", "flower", "--port", str(port)]
    process = processes.start(
        stack.home, "flower", argv, {**stack.env(), "FLOWER_UNAUTHENTICATED_API": "true"}
    )
    try:
        site = f"http://127.0.0.1:{port}"
        waiting.until(lambda: _answers(site), 60, "Flower", process.log)
        waiting.until(
            lambda: all(pool in fetch(f"{site}/workers?json=1") for pool in pools()),
            60,
            "pools",
            process.log,
        )
        reply = enqueue(
            stack, {"uri": stack.offer(PROJECT / "demo" / "call.ogg"), "force": True}, "ingest"
        )
        stack.wait_finished(reply["recording_id"])
        waiting.until(
            lambda: "finalize.recording" in fetch(f"{site}/api/tasks"),
            60,
            "the tasks in Flower",
            process.log,
        )
        tasks = json.loads(fetch(f"{site}/api/tasks"))
    finally:
        processes.stop(stack.home, ["flower"], 10)
    names = {task["name"] for task in tasks.values()}
    assert {
        "analyze.asr",
        "analyze.diarization",
        "analyze.scene",
        "merge.batch",
        "merge.whole",
        "ingest.recording",
    } <= names
    shown = json.dumps(tasks)
    with db.connect(stack.database_url) as connection:
        report = recordings.report(connection, reply["recording_id"])
    assert report is not None
    said = [turn["text"].split() for turn in report["turns"]]
    phrases = {f"{one} {two}" for words in said for one, two in pairwise(words)}
    assert len(phrases) > 50
    assert [phrase for phrase in phrases if phrase in shown] == []


def _answers(site: str) -> bool:
    try:
        return "OK" in fetch(f"{site}/healthcheck")
    except OSError:
        return False
