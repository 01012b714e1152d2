"""What is removed from a recording is settled before its file is decoded, by the strictest of its
requests; nothing is called redacted that was not."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

import pytest

from earshot.analysis.pii.kinds import KINDS
from earshot.analysis.request import IngestRequest
from earshot.audio.store.source import resolved
from earshot.pipeline.intake import duplicates
from earshot.pipeline.intake.submit import redact_more, with_redaction
from earshot.pipeline.ports import Call
from earshot.settings import settings
from earshot.storage.postgres import db, recordings
from earshot.storage.postgres.db import Connection
from tests.integration.rows import planned, registered

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("own_settings")]
FIRST = IngestRequest(uri="file:///calls/7.wav", analyses=("scene",))
CARDS = FIRST.model_copy(update={"redact": ("card",)})
ALL = FIRST.model_copy(update={"redact": KINDS})


class Refusing:
    """A publisher of a request that has nothing to publish."""

    def publish(self, task: str, argument: object, /) -> None:
        raise AssertionError(task)

    def publish_chord(self, header: Sequence[Call], body: Call, /) -> None:
        raise AssertionError(body.task)


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    with db.connect(database_url) as opened:
        yield opened
        opened.execute("DELETE FROM recording")


def stored(connection: Connection, recording_id: UUID) -> recordings.Recording:
    found = recordings.get(connection, recording_id)
    assert found is not None
    return found


def test_an_undecoded_recording_takes_the_stricter_request(connection: Connection) -> None:
    recording_id = registered(connection, ["scene"])
    assert redact_more(connection, recording_id, FIRST, CARDS).redacted_kinds == ("card",)
    found = stored(connection, recording_id)
    assert (found.redact, found.analyses) == (("card",), ("scene", "asr", "redaction"))
    assert redact_more(connection, recording_id, CARDS, FIRST) == CARDS
    assert redact_more(connection, recording_id, CARDS, ALL).redacted_kinds == KINDS
    assert stored(connection, recording_id).redact == KINDS


def test_a_decoded_recording_is_not_redacted_afterwards_and_the_reply_says_so(
    connection: Connection,
) -> None:
    recording_id = planned(connection, ["scene"], 1)
    assert redact_more(connection, recording_id, FIRST, ALL) == FIRST
    connection.execute(
        "UPDATE recording SET state = 'complete', finished_at = now() WHERE id = %s",
        (recording_id,),
    )
    reply = duplicates.answer(connection, Refusing(), recording_id, recording_id, ALL)
    assert (reply.added, reply.differs) == ((), ("redact",))
    found = stored(connection, recording_id)
    assert (found.redact, found.analyses) == ((), ("scene",))


def test_a_link_into_a_source_is_redacted_as_the_source(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls, other = tmp_path / "calls", tmp_path / "other"
    calls.mkdir()
    other.mkdir()
    (calls / "a b.wav").touch()
    (other / "link").symlink_to(calls)
    monkeypatch.setenv("EARSHOT_REDACT", json.dumps({f"file://{calls}": True}))
    settings.cache_clear()
    for way in ("link/a b.wav", "../calls/a b.wav", "../calls/a%20b.wav"):
        request = IngestRequest(uri=f"file://{other}/{way}")
        assert with_redaction(request).redact is None
        assert with_redaction(request, resolved(request.uri)).redact == KINDS
