"""Leftovers of dead processes in the store are removed; files in use stay."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from redis import Redis

from cli.localstack import waiting
from earshot.analysis.errors import BadAudio, Unavailable
from earshot.analysis.request import IngestRequest
from earshot.pipeline.cleanup import Tidied
from earshot.storage.postgres import db, recordings
from tests.integration.failures.test_hostile_messages import envelope
from tests.integration.poison import recording
from tests.integration.rows import planned
from tests.servers import Stack

pytestmark = pytest.mark.integration

HOURS_AGO = 2 * 3600


def put(stage: Stack, path: str, age_sec: float = HOURS_AGO) -> Path:
    """A file of the audio store that was written so long ago."""
    file = stage.home / "audio" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"sound")
    at = time.time() - age_sec
    os.utime(file, (at, at))
    return file


def tidied(stage: Stack) -> Tidied:
    """One pass of upkeep, in a process of its own."""
    program = "from earshot.pipeline.cleanup import tidy; print(tidy(sweep=True).model_dump_json())"
    env = {**os.environ, **stage.env()}
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, stdout=subprocess.PIPE, check=True, timeout=60
    )
    return Tidied.model_validate_json(done.stdout)


def uri(file: Path) -> str:
    return f"file://{file}"


def test_an_upload_goes_when_nobody_asks_for_it(stage: Stack) -> None:
    names = ("orphan", "open", "failed", "refused", "queued")
    orphan, open_, failed, refused, queued = (
        put(stage, f"inbox/{uuid4()}/{name}.wav") for name in names
    )
    young = put(stage, f"inbox/{uuid4()}/young.wav", 60)
    (stage.home / "audio" / "inbox" / str(uuid4())).mkdir()
    with db.connect(stage.database_url) as connection:
        for number, file in enumerate((open_, failed, refused)):
            recordings.register(
                connection, UUID(int=number), IngestRequest(uri=uri(file)), ["scene"], "en"
            )
        assert recordings.fail(
            connection, UUID(int=1), Unavailable("disk_full", "no space left"), ("queued",)
        )
        assert recordings.fail(
            connection, UUID(int=2), BadAudio("not_audio", "a picture"), ("queued",)
        )
    Redis.from_url(stage.redis_url).lpush(
        "ingest", json.dumps(envelope("ingest.recording", {"uri": uri(queued)}))
    )
    assert tidied(stage).uploads_swept == 2
    assert not orphan.exists()
    assert not refused.exists()
    assert len(list((stage.home / "audio" / "inbox").iterdir())) == 5, "an empty folder is young"
    assert all(each.exists() for each in (young, open_, failed, queued))
    stage.settings["RETENTION"] = '{"uploads": 1e-6}'
    assert tidied(stage).uploads_swept == 1
    assert not failed.exists()
    assert open_.exists()


def test_an_empty_inbox_is_no_upload(stage: Stack) -> None:
    inbox = stage.home / "audio" / "inbox"
    (inbox / str(uuid4())).mkdir(parents=True)
    for folder in (*inbox.iterdir(), inbox):
        os.utime(folder, (1e9, 1e9))
    [kept] = [
        line for line in stage.earshot("doctor").stdout.splitlines() if "kept uploads" in line
    ]
    assert " 0 files, 0 B" in kept
    assert tidied(stage).uploads_swept == 1, "the folder that its sender left"
    os.utime(inbox, (1e9, 1e9))
    assert tidied(stage).uploads_swept == 0
    assert inbox.is_dir()


def test_audio_goes_when_no_recording_has_it(stage: Stack) -> None:
    with db.connect(stage.database_url) as connection:
        known = planned(connection, ["scene"], 1)
    gone, young = uuid4(), uuid4()
    orphan, fresh = (
        put(stage, f"recordings/{gone}/16000.pcm"),
        put(stage, f"recordings/{young}/.writing-16000.pcm", 60),
    )
    whole, half = (
        put(stage, f"recordings/{known}/16000.pcm"),
        put(stage, f"recordings/{known}/.writing-8000.pcm"),
    )
    strange = put(stage, "recordings/notes/readme.txt")
    assert tidied(stage).files_swept == 2
    assert not orphan.parent.exists()
    assert not half.exists()
    assert all(each.exists() for each in (fresh, whole, strange))


def test_an_upload_whose_sender_still_waits_is_there_when_it_goes_on(
    stage: Stack, tmp_path: Path
) -> None:
    """Postgres has no room for a row, for so long that the upload grows old."""
    inbox = stage.home / "audio" / "inbox"
    body = "BEGIN RAISE 'No space left' USING ERRCODE = '53100'; END"
    with db.connect(stage.database_url) as connection:
        connection.execute(
            f"CREATE FUNCTION no_room() RETURNS trigger AS $$ {body} $$ LANGUAGE plpgsql".encode()
        )
        connection.execute(
            "CREATE TRIGGER no_room BEFORE INSERT ON recording FOR EACH ROW EXECUTE FUNCTION"
            " no_room()"
        )
        path = recording(tmp_path / "call.wav", 1)
        sender = stage.start("ingest", str(path), "--analyses", "scene", "--no-wait")
        try:
            assert sender.stderr is not None
            assert "waiting: Postgres refuses: No space left" in sender.stderr.readline()
            [upload] = inbox.rglob("*.wav")
            os.utime(upload, (time.time() - HOURS_AGO,) * 2)
            tidied(stage)
            waiting.until(
                lambda: len(list(inbox.rglob("*.wav"))) == 1 and not upload.exists(),
                30,
                "another copy",
            )
            connection.execute("DROP TRIGGER no_room ON recording")
            shown, said = sender.communicate(timeout=60)
        finally:
            sender.kill()
        assert sender.returncode == 0, said
    with stage.workers("all", "ingest", "merge", "finalize", "scene"):
        assert stage.wait_finished(shown.split()[0]) == "complete"
    assert list(inbox.iterdir()) == []
