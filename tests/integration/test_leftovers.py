"""What dead processes left in the store goes; what somebody still wants stays."""

import json
import os
import time
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from redis import Redis

from analysis.errors import Unavailable
from analysis.request import IngestRequest
from storage import db, recordings
from tests.integration.rows import planned
from tests.integration.test_hostile_messages import envelope
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


def uri(file: Path) -> str:
    return f"file://{file}"


def test_an_upload_goes_when_nobody_asks_for_it(stage: Stack) -> None:
    orphan, young, open_, failed, queued = (
        put(stage, f"inbox/{uuid4()}/{name}.wav", age)
        for name, age in (
            ("orphan", HOURS_AGO),
            ("young", 60),
            ("open", HOURS_AGO),
            ("failed", HOURS_AGO),
            ("queued", HOURS_AGO),
        )
    )
    (stage.home / "audio" / "inbox" / str(uuid4())).mkdir()
    with db.connect(stage.database_url) as connection:
        for number, file in enumerate((open_, failed)):
            recordings.register(connection, UUID(int=number), IngestRequest(uri=uri(file)), ["scene"], "en")
        assert recordings.fail(connection, UUID(int=1), Unavailable("disk_full", "no space left"), ("queued",))
    Redis.from_url(stage.redis_url).lpush("ingest", json.dumps(envelope("ingest.recording", {"uri": uri(queued)})))
    done = stage.earshot("repair")
    assert "1 uploads removed that no request names" in done.stdout
    assert not orphan.parent.exists()
    assert all(each.exists() for each in (young, open_, failed, queued))
    stage.settings["RETENTION"] = '{"uploads": 1e-6}'
    assert "1 uploads removed" in stage.earshot("repair").stdout
    assert not failed.exists()
    assert open_.exists()


def test_audio_goes_when_no_recording_has_it(stage: Stack) -> None:
    with db.connect(stage.database_url) as connection:
        known = planned(connection, ["scene"], 1)
    gone, young = uuid4(), uuid4()
    orphan, fresh = put(stage, f"recordings/{gone}/16000.pcm"), put(stage, f"recordings/{young}/.writing-16000.pcm", 60)
    whole, half = put(stage, f"recordings/{known}/16000.pcm"), put(stage, f"recordings/{known}/.writing-8000.pcm")
    strange = put(stage, "recordings/notes/readme.txt")
    done = stage.earshot("repair")
    assert "2 recordings' audio and files removed that dead processes left" in done.stdout
    assert not orphan.parent.exists()
    assert not half.exists()
    assert all(each.exists() for each in (fresh, whole, strange))
