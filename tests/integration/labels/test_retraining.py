"""Enough corrections start one training, of one revision, on a real worker."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from earshot.analysis.errors import Unavailable
from earshot.pipeline.labelling import again
from earshot.pipeline.labelling.export import export
from earshot.settings import Settings, settings
from earshot.storage.postgres import db
from earshot.storage.postgres.db import Connection
from earshot.storage.redis.client import client
from earshot.storage.releases import runs
from earshot.storage.releases.runs import Run
from tasks import retraining
from tests.integration.labels.planted import calls, say
from tests.servers import Stack

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("own_settings")]


PASS = "from tasks.upkeep import tidy_up; tidy_up()"
"""What the scheduler starts, in a process of its own: applications read their settings once."""
OWN = {"RETRAIN_AFTER": '{"emotion": 3}', "RETRAIN_OPTIONS": '{"emotion": {"epochs": 1}}'}


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    with db.connect(database_url) as opened:
        yield opened
        for name in ("recording", "training_data", "training_run"):
            opened.execute(f"DELETE FROM {name}")  # type: ignore[call-overload]
    client(settings().retrain_redis_url).flushdb()


def an_hour_later(stack: Stack) -> None:
    client().delete(f"{again.CHECKED}:emotion")
    own = {f"EARSHOT_{key}": value for key, value in OWN.items()}
    subprocess.run([sys.executable, "-c", PASS], env={**stack.env(), **own}, check=True, timeout=60)


def ended(connection: Connection) -> list[Run]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = runs.listed(connection)
        if found and all(run.finished_at for run in found):
            return found
        time.sleep(0.2)  # between two looks
    raise AssertionError("no run has ended")


def test_enough_corrections_start_one_training_of_their_revision(
    connection: Connection, bare_servers: Stack, tmp_path: Path
) -> None:
    ids = calls(connection, tmp_path, "acme", 5)
    for each in ids[:2]:
        say(connection, each, "surprised")
    an_hour_later(bare_servers)
    assert retraining.waiting() == 0
    say(connection, ids[2], "surprised")
    an_hour_later(bare_servers)
    an_hour_later(bare_servers)
    assert retraining.waiting() == 1
    [data] = connection.execute("SELECT * FROM training_data").fetchall()
    assert (data["revision"], data["examples"], data["made_by"]) == (1, 3, "upkeep")
    assert export(connection, "emotion", tmp_path / "own", "me", settings()).revision == 1
    assert connection.execute("SELECT * FROM training_data").fetchall() == [data]
    with bare_servers.workers("retrain", "retrain"):
        [run] = ended(connection)
    assert (run.id, run.model, run.data) == (data["run_id"], "emotion", data["folder"])
    assert run.options == {"epochs": 1}
    assert run.state == "failed"  # three recordings of one label teach nothing
    connection.execute("UPDATE training_data SET sent_at = now() - interval '1 day'")
    say(connection, ids[3], "surprised")
    an_hour_later(bare_servers)  # one new correction is not enough
    assert retraining.waiting() == 0
    assert [each.id for each in runs.listed(connection)] == [run.id]
    for each in ids[3:]:
        say(connection, each, "happy", 1)
    an_hour_later(bare_servers)
    message = client(settings().retrain_redis_url).lindex("retrain", 0)
    rows = connection.execute("SELECT * FROM training_data ORDER BY revision").fetchall()
    assert json.loads(message)["headers"]["id"] == str(rows[1]["run_id"])  # type: ignore[arg-type]
    assert rows[1]["examples"] == 6


def test_what_is_not_trained_on_leaves_no_folder(connection: Connection, tmp_path: Path) -> None:
    loop = tmp_path / "loop.pcm"
    loop.symlink_to(loop)
    for each in calls(connection, tmp_path, "acme", 2):
        say(connection, each, "surprised")
    own = Settings(retrain_after={"emotion": 1}, models_dir=tmp_path / "models")
    folder = own.models_folder / "labels" / "emotion"

    def asked() -> int:
        client().delete(f"{again.CHECKED}:emotion")
        return again.ask(connection, client(), own)

    moved = "UPDATE recording SET audio = jsonb_build_object('16000', %s::text) WHERE id = %s"
    last = connection.execute("SELECT id, audio FROM recording ORDER BY id DESC").fetchone()
    assert last is not None
    connection.execute(moved, (loop.as_uri(), last["id"]))
    with pytest.raises(Unavailable):  # after the clip of the first one
        asked()
    assert list(folder.iterdir()) == []
    connection.execute(moved, (last["audio"]["16000"], last["id"]))
    assert asked() == 1
    [made] = folder.iterdir()
    connection.execute("UPDATE training_data SET asked_at = '-infinity'")
    assert asked() == 0  # the same data
    assert list(folder.iterdir()) == [made]
