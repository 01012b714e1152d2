"""Uploads in pieces where the audio store is one that speaks S3."""

import hashlib
import os
import signal
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from cli.localstack import processes, waiting
from earshot.audio.store.multipart import LEAST_PART
from earshot.pools import STAGES
from earshot.storage.postgres import db
from tests.integration.gateway.clients import (
    DEMO,
    MEGA,
    TUS,
    begun,
    client_of,
    hanging,
    offset,
    piece,
)
from tests.object_store import BUCKET, STORE, object_store, open_parts
from tests.servers import Stack

pytestmark = pytest.mark.integration


@pytest.fixture
def fs(stage: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The store of the stack."""
    with object_store(monkeypatch) as found:
        stage.settings["AUDIO_STORE"] = STORE
        yield found


def test_an_upload_outlasts_the_death_of_the_gateway_and_is_analysed(stage: Stack, fs: Any) -> None:
    half = len(DEMO) // 2
    with stage.workers("all", *STAGES, "scene"), stage.gateway() as url:
        with client_of(stage, url) as sender:
            path = begun(sender, len(DEMO), analyses="scene")
            assert piece(sender, path, 0, DEMO[:half]).status_code == 204
        gateway = processes.running(stage.home, "gateway")
        assert gateway is not None
        os.kill(gateway.pid, signal.SIGKILL)
        with stage.gateway("second") as again, client_of(stage, again) as sender:
            assert offset(sender, path) == half
            done = piece(sender, path, half, DEMO[half:])
            assert done.status_code == 204, done.text
            made = done.headers["x-recording-id"]
            assert stage.wait_finished(made) == "complete"
            found = sender.get(f"/recordings/{made}").json()
            assert found["sha256"] == hashlib.sha256(DEMO).hexdigest()
    fs.invalidate_cache()
    assert fs.find(f"{BUCKET}/store/inbox") == open_parts(fs) == []


def test_a_cut_line_loses_little_and_a_dead_gateway_less_than_a_part(stage: Stack, fs: Any) -> None:
    data = bytes(range(256)) * (14 * MEGA // 256)
    with stage.gateway() as url, client_of(stage, url) as sender:
        path = begun(sender, len(data))
        with hanging(sender, path, 0, data[: LEAST_PART + MEGA], len(data)):
            waiting.until(lambda: offset(sender, path) == LEAST_PART, 60, "the first part")
        waiting.until(lambda: offset(sender, path) > LEAST_PART, 60, "what came before the cut")
        start = offset(sender, path)
        gateway = processes.running(stage.home, "gateway")
        assert gateway is not None
        with hanging(sender, path, start, data[start : 2 * LEAST_PART + MEGA], len(data) - start):
            waiting.until(lambda: offset(sender, path) == 2 * LEAST_PART, 60, "the second part")
            os.kill(gateway.pid, signal.SIGKILL)
    with stage.gateway("second") as url, client_of(stage, url) as sender:
        assert offset(sender, path) == 2 * LEAST_PART
        assert piece(sender, path, 2 * LEAST_PART, data[2 * LEAST_PART :]).status_code == 204
    with db.connect(stage.database_url) as connection:
        row = connection.execute("SELECT uri FROM upload").fetchone()
    assert row is not None
    assert fs.cat_file(row["uri"]) == data


def test_expired_and_deleted_uploads_leave_no_part(stage: Stack, fs: Any) -> None:
    with stage.gateway() as url, client_of(stage, url) as sender:
        first, second = (begun(sender, 3 * LEAST_PART) for _ in range(2))
        for path in (first, second):
            assert piece(sender, path, 0, b"a" * (LEAST_PART + 10)).status_code == 204
        assert len(open_parts(fs)) == 2
        assert sender.delete(first, headers=TUS).status_code == 204
        assert len(open_parts(fs)) == 1
        with db.connect(stage.database_url) as connection:
            expire = "UPDATE upload SET expires_at = now() WHERE id = %s"
            connection.execute(expire, (UUID(second.rpartition("/")[2]),))
        assert stage.earshot("repair").returncode == 0
    fs.invalidate_cache()
    assert fs.find(BUCKET) == open_parts(fs) == []
