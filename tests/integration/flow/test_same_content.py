"""The same file, or the same id, arrives again with other options: missing analyses are run,
differences are named, and no file is lost because of another."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from redis import Redis

from cli.localstack import waiting
from earshot.analysis.errors import Forbidden, Unavailable
from earshot.analysis.request import IngestRequest
from earshot.pipeline.deletion import YOUNG_SEC
from earshot.settings import PROJECT
from earshot.storage.postgres import db, recordings, tombstones
from tests.integration.enqueue import enqueue
from tests.integration.poison import SHORT, recording
from tests.servers import Stack, servers

pytestmark = pytest.mark.integration

DEMO = PROJECT / "demo" / "call.ogg"
CORE = ("ingest", "merge", "finalize", "upkeep")
ANALYSES = ("scene", "asr", "diarization")


@pytest.fixture(scope="module")
def busy() -> Iterator[Stack]:
    with servers() as started, ExitStack() as running:
        started.settings |= SHORT
        running.enter_context(started.workers("core", *CORE, concurrency=2))
        running.enter_context(started.workers("analyses", *ANALYSES))
        running.enter_context(started.beat())
        yield started


def asked(stack: Stack, path: Path, *analyses: str, **more: Any) -> dict[str, Any]:
    """The reply to a request, its recording being finished."""
    reply = enqueue(
        stack, {"uri": stack.offer(path, f"{uuid4()}.wav"), "analyses": list(analyses), **more}
    )
    stack.wait_finished(reply["recording_id"])
    return reply


def row(stack: Stack, recording_id: str) -> dict[str, Any]:
    with db.connect(stack.database_url) as connection:
        found = connection.execute(
            "SELECT * FROM recording WHERE id = %s", (recording_id,)
        ).fetchone()
    assert found is not None
    return found


def findings(stack: Stack, recording_id: str) -> dict[str, int]:
    """Analysis to the number of chunks that it answered for."""
    query = (
        "SELECT analysis, count(*) AS n FROM finding WHERE recording_id = %s AND status <> 'failed'"
        " GROUP BY analysis"
    )
    with db.connect(stack.database_url) as connection:
        return {each["analysis"]: each["n"] for each in connection.execute(query, (recording_id,))}


def count(stack: Stack) -> int:
    return number(stack, "SELECT count(*) AS n FROM recording")


def number(stack: Stack, query: str) -> int:
    with db.connect(stack.database_url) as connection:
        found = connection.execute(query.encode()).fetchone()
    assert found is not None
    return int(found["n"])


@pytest.mark.parametrize(("first", "seed"), [("scene", 3), ("diarization", 4)])
def test_analyses_that_are_missing_are_added(
    busy: Stack, tmp_path: Path, first: str, seed: int
) -> None:
    """A recording of which only diarization was asked has no chunks yet."""
    path = recording(tmp_path / "7.wav", 3, seed=seed)
    before = asked(busy, path, first)
    then = asked(busy, path, *ANALYSES)
    assert (then["recording_id"], then["duplicate"]) == (before["recording_id"], True)
    assert set(then["added"]) == set(ANALYSES) - {first}
    found = row(busy, then["recording_id"])
    assert (found["state"], found["round"], set(found["analyses"])) == (
        "complete",
        2,
        set(ANALYSES),
    )
    assert findings(busy, then["recording_id"]) == {"scene": 3, "asr": 3, "diarization": 1}
    again = asked(busy, path, *ANALYSES)
    assert (again["added"], again["state"]) == ([], "complete")


def test_the_command_adds_them_and_says_so(busy: Stack, tmp_path: Path) -> None:
    path = recording(tmp_path / "7.wav", 3, seed=5)
    reply = asked(busy, path, "scene")
    done = busy.earshot("ingest", str(path), "--analyses", "scene,asr")
    assert done.returncode == 0, done.stderr
    assert "the same content was analysed before; asr added to it" in done.stderr
    assert findings(busy, reply["recording_id"]) == {"scene": 3, "asr": 3}


def test_another_language_or_other_roles_make_a_recording_of_their_own(busy: Stack) -> None:
    english = asked(busy, DEMO, "scene")
    german = asked(busy, DEMO, "scene", language="de")
    mixed = asked(busy, DEMO, "scene", roles=[])
    same = asked(busy, DEMO, "scene", roles=["agent", "customer"], language="EN")
    ids = [each["recording_id"] for each in (english, german, mixed)]
    assert len(set(ids)) == 3
    assert (same["recording_id"], same["duplicate"], same["differs"]) == (ids[0], True, [])
    kept = [
        (found["language"], found["roles"], found["channels"])
        for found in (row(busy, each) for each in ids)
    ]
    assert kept == [
        ("en", ["agent", "customer"], 2),
        ("de", ["agent", "customer"], 2),
        ("en", [], 1),
    ]
    back = asked(busy, DEMO, "scene", language="de")
    assert (back["recording_id"], back["duplicate"]) == (ids[1], True)


def test_roles_that_the_file_has_no_channels_for_are_refused_though_it_is_stored(
    busy: Stack, tmp_path: Path
) -> None:
    path = recording(tmp_path / "7.wav", 1, seed=6)
    asked(busy, path, "scene")
    reply = asked(busy, path, "scene", roles=["agent", "customer"])
    assert (reply["state"], reply["error"]["code"]) == ("failed", "roles")


def test_a_number_of_speakers_has_voices_told_apart_again(busy: Stack) -> None:
    two, one = {"min": 2, "max": 2}, {"min": 1, "max": 1}
    first = asked(
        busy, DEMO, "diarization", "scene", roles=[], speakers=two, force=False, language="fr"
    )
    other = asked(busy, DEMO, "diarization", roles=[], speakers=one, language="fr")
    assert (other["recording_id"], other["added"], other["differs"]) == (
        first["recording_id"],
        ["diarization"],
        [],
    )
    assert row(busy, first["recording_id"])["request"]["speakers"] == one
    unsaid = asked(busy, DEMO, "diarization", roles=[], language="fr")
    assert (unsaid["recording_id"], unsaid["added"], unsaid["differs"]) == (
        first["recording_id"],
        [],
        ["speakers"],
    )
    by_channel = asked(busy, DEMO, "diarization", speakers=two, language="fr")
    assert asked(busy, DEMO, "diarization", speakers=one, language="fr")["added"] == []
    assert row(busy, by_channel["recording_id"])["round"] == 1, (
        "where channels are speakers nobody is told apart"
    )


def test_what_is_missing_is_added_when_the_recording_is_finished(
    stage: Stack, tmp_path: Path
) -> None:
    stage.settings |= SHORT
    path = recording(tmp_path / "7.wav", 2)
    with stage.workers("core", *CORE, concurrency=2), stage.beat():
        first = enqueue(stage, {"uri": stage.offer(path, "1.wav"), "analyses": ["scene"]})
        assert first["state"] == "analyzing"
        with ThreadPoolExecutor(1) as sender:
            second = sender.submit(
                enqueue, stage, {"uri": stage.offer(path, "2.wav"), "analyses": ["asr"]}
            )
            noted = "SELECT count(*) AS n FROM recording WHERE same_as IS NOT NULL"
            waiting.until(
                lambda: number(stage, noted) == 1, 30, "the second request's wait for the first"
            )
            (stage.home / "offered" / "2.wav").unlink()  # it is not read with every try
            with stage.workers("analyses", "scene", "asr"):
                reply = second.result(120)
                assert (reply["recording_id"], reply["added"]) == (first["recording_id"], ["asr"])
                waiting.until(
                    lambda: findings(stage, reply["recording_id"]) == {"scene": 2, "asr": 2},
                    60,
                    "all analyses",
                )
    assert count(stage) == 1


def test_a_request_that_is_delivered_again_gets_its_first_reply(
    busy: Stack, tmp_path: Path
) -> None:
    path = recording(tmp_path / "7.wav", 2, seed=9)
    first = enqueue(busy, {"uri": busy.offer(path, "again-1.wav"), "analyses": ["scene"]})
    again = {"uri": busy.offer(path, "again-2.wav"), "recording_id": str(uuid4())}
    reply = enqueue(busy, {**again, "analyses": ["scene"]})
    assert (reply["recording_id"], reply["duplicate"]) == (first["recording_id"], True)
    before = count(busy)
    (busy.home / "offered" / "again-2.wav").unlink()
    assert enqueue(busy, {**again, "analyses": ["scene"]}) == reply
    assert count(busy) == before
    other = busy.offer(recording(tmp_path / "8.wav", 1, seed=10), "again-3.wav")
    own = enqueue(busy, {**again, "uri": other, "analyses": ["scene"]})
    assert (own["recording_id"], own["duplicate"]) == (again["recording_id"], False)


def test_a_kept_reply_is_of_the_same_request_alone(busy: Stack, tmp_path: Path) -> None:
    path = recording(tmp_path / "7.wav", 2, seed=11)
    first = asked(busy, path, "scene")
    own = str(uuid4())
    again = {"uri": busy.offer(path, "kept.wav"), "recording_id": own}
    reply = enqueue(busy, {**again, "analyses": ["scene"]})
    assert (reply["recording_id"], reply["added"]) == (first["recording_id"], [])
    redis = Redis.from_url(busy.redis_url)
    kept = int(redis.ttl(f"answered:{own}"))
    assert kept > 6 * 86_400, "a queue may be as long as requests wait"
    more = enqueue(busy, {**again, "analyses": ["scene", "asr"]})
    assert (more["recording_id"], more["added"]) == (first["recording_id"], ["asr"])
    busy.wait_finished(first["recording_id"])
    assert findings(busy, first["recording_id"]) == {"scene": 2, "asr": 2}
    forced = enqueue(busy, {**again, "analyses": ["scene"], "force": True})
    assert (forced["recording_id"], forced["duplicate"]) == (own, False)


def test_a_kept_reply_goes_with_its_recording(busy: Stack, tmp_path: Path) -> None:
    """Also where the recording finished long ago, so that its deletion does not search Redis."""
    path = recording(tmp_path / "7.wav", 1, seed=12)
    first = asked(busy, path, "scene")["recording_id"]
    ids = [str(uuid4()), str(uuid4())]
    requests = [
        {"uri": busy.offer(path, f"{each}.wav"), "recording_id": each, "analyses": ["scene"]}
        for each in ids
    ]
    assert [enqueue(busy, each)["recording_id"] for each in requests] == [first, first]
    with db.connect(busy.database_url) as connection:
        connection.execute(
            "UPDATE recording SET finished_at = now() - interval '9 days' WHERE id = %s", (first,)
        )
        tombstones.bury(connection, [UUID(first)], "asked", YOUNG_SEC, 0)
        reply = enqueue(busy, requests[0])
        assert (reply["recording_id"], reply["duplicate"]) == (ids[0], False)
        busy.wait_finished(ids[0])
    redis = Redis.from_url(busy.redis_url)
    assert redis.exists(f"answered:{ids[0]}", f"answered:{ids[1]}") == 2
    done = busy.earshot("delete", first, "--yes", "--json")
    assert done.returncode == 0, done.stderr
    assert redis.exists(f"answered:{ids[0]}", f"answered:{ids[1]}") == 0


def test_the_same_content_many_times_at_once_is_one_recording(busy: Stack, tmp_path: Path) -> None:
    path, before = recording(tmp_path / "7.wav", 2, seed=8), count(busy)
    uris = [busy.offer(path, f"at-once-{n}.wav") for n in range(6)]
    wishes: list[dict[str, Any]] = [
        {"analyses": [name]} for name in ("scene", "asr", "scene", "asr", "scene", "asr")
    ]
    with ThreadPoolExecutor(6) as senders:
        replies = list(
            senders.map(lambda uri, wish: enqueue(busy, {"uri": uri, **wish}), uris, wishes)
        )
    [recording_id] = {reply["recording_id"] for reply in replies}
    busy.wait_finished(recording_id)
    assert count(busy) == before + 1
    assert findings(busy, recording_id) == {"scene": 2, "asr": 2}
    assert row(busy, recording_id)["round"] == 2
    assert sum(len(reply["added"]) for reply in replies) == 1


def uploaded(stack: Stack, path: Path) -> str:
    """Where a sender of its own put a copy of the file."""
    folder = stack.home / "audio" / "inbox" / str(uuid4())
    folder.mkdir(parents=True)
    (folder / path.name).write_bytes(path.read_bytes())
    return f"file://{folder / path.name}"


def test_an_id_stands_for_one_file(busy: Stack, tmp_path: Path) -> None:
    mine, yours = (
        recording(tmp_path / "mine.wav", 1, seed=9),
        recording(tmp_path / "yours.wav", 1, seed=10),
    )
    first = {"uri": uploaded(busy, mine), "recording_id": str(uuid4()), "analyses": ["scene"]}
    assert enqueue(busy, first)["error"] is None
    busy.wait_finished(first["recording_id"])
    kept = row(busy, first["recording_id"])
    other, gone = uploaded(busy, yours), busy.offer(mine, "gone.wav")
    Path(gone.removeprefix("file://")).unlink()
    for uri, code in (
        (other, "id_taken"),
        (other, "id_taken"),
        (gone, "not_comparable"),
        ("file:///etc/passwd", "not_comparable"),
    ):
        reply = enqueue(busy, {**first, "uri": uri})
        assert (reply["recording_id"], reply["state"], reply["error"]["code"]) == (
            str(kept["id"]),
            "failed",
            code,
        )
        assert mine.name not in str(reply)
    assert Path(other.removeprefix("file://")).exists(), "what was not taken in is not deleted"
    assert row(busy, first["recording_id"]) == kept
    copy = uploaded(busy, mine)
    for uri in (first["uri"], copy):
        again = enqueue(busy, {**first, "uri": uri})
        assert (again["state"], again["duplicate"], again["error"]) == ("complete", False, None)
    assert not Path(copy.removeprefix("file://")).exists()
    more = enqueue(busy, {**first, "analyses": ["scene", "asr"], "language": "de"})
    assert (more["added"], more["differs"]) == (["asr"], ["language"])


def test_of_two_files_at_once_under_one_id_one_is_taken(stage: Stack, tmp_path: Path) -> None:
    recording_id = str(uuid4())
    uris = [uploaded(stage, recording(tmp_path / f"{seed}.wav", 1, seed=seed)) for seed in range(4)]
    with (
        stage.workers("core", *CORE, concurrency=2),
        stage.workers("scene", "scene"),
        ThreadPoolExecutor(4) as senders,
    ):
        wish = {"recording_id": recording_id, "analyses": ["scene"]}
        replies = list(senders.map(lambda uri: enqueue(stage, {"uri": uri, **wish}), uris))
        assert stage.wait_finished(recording_id) == "complete"
    refused = [uri for uri, reply in zip(uris, replies, strict=True) if reply["error"]]
    assert [reply["error"]["code"] for reply in replies if reply["error"]] == ["id_taken"] * 3
    assert [Path(uri.removeprefix("file://")).exists() for uri in uris] == [
        uri in refused for uri in uris
    ]
    with db.connect(stage.database_url) as connection:
        found = recordings.get(connection, row(stage, recording_id)["id"])
    assert found is not None
    assert found.request["uri"] not in refused


def test_an_id_whose_file_was_never_read_takes_another_place_of_it(
    busy: Stack, tmp_path: Path
) -> None:
    """Where that failed for its surroundings: what is known of the first file is where it was said
    to lie."""
    path, ids = recording(tmp_path / "7.wav", 1, seed=11), [str(uuid4()), str(uuid4())]
    request = IngestRequest(uri="file:///elsewhere/7.wav", analyses=("scene",))
    errors = (
        Unavailable("source_unavailable", "not mounted"),
        Forbidden("outside_roots", "not allowed"),
    )
    with db.connect(busy.database_url) as connection:
        for each, error in zip(ids, errors, strict=True):
            recordings.register(connection, UUID(each), request, ["scene"], "en")
            assert recordings.fail(connection, UUID(each), error, ("queued",))
    away, forbidden = (
        enqueue(busy, {"uri": uploaded(busy, path), "recording_id": each, "analyses": ["scene"]})
        for each in ids
    )
    assert (away["recording_id"], away["error"], busy.wait_finished(ids[0])) == (
        ids[0],
        None,
        "complete",
    )
    assert (forbidden["state"], forbidden["error"]["code"]) == ("failed", "not_comparable")
    assert "failed with outside_roots before its file was read" in forbidden["error"]["detail"]


def test_audio_that_was_removed_for_its_age_comes_back_with_its_file(
    stage: Stack, tmp_path: Path
) -> None:
    stage.settings |= SHORT
    path, recording_id = recording(tmp_path / "7.wav", 2), str(uuid4())
    first = {"uri": stage.offer(path), "recording_id": recording_id, "analyses": ["scene"]}
    with (
        stage.workers("core", "ingest", "merge", "finalize"),
        stage.workers("analyses", "scene", "asr", "noise"),
    ):
        assert enqueue(stage, first)["error"] is None
        stage.wait_finished(recording_id)
        remove_audio(stage, recording_id)
        again = enqueue(stage, {**first, "analyses": ["scene", "asr"]})
        assert (again["added"], again["error"], stage.wait_finished(recording_id)) == (
            ["asr"],
            None,
            "complete",
        )
        assert findings(stage, recording_id) == {"scene": 2, "asr": 2}
        remove_audio(stage, recording_id)
        copy = uploaded(stage, path)
        other = asked(stage, path, "noise", uri=copy)
        assert (other["recording_id"], other["duplicate"], other["added"]) == (
            recording_id,
            True,
            ["noise"],
        )
        assert findings(stage, recording_id) == {"scene": 2, "asr": 2, "noise": 2}
        remove_audio(stage, recording_id)
        stage.offer(recording(tmp_path / "other.wav", 2, seed=1), path.name)
        changed = enqueue(stage, {**first, "analyses": ["emotion"]})
        assert (changed["state"], changed["added"], changed["error"]["code"]) == (
            "complete",
            [],
            "audio_expired",
        )
        assert not (stage.home / "audio" / "recordings" / recording_id).exists()


def remove_audio(stack: Stack, recording_id: str) -> None:
    """By its age, as upkeep does it."""
    stack.settings["RETENTION"] = '{"audio": 1e-6}'
    assert "1 recordings whose audio was removed" in stack.earshot("repair").stdout
    assert not (stack.home / "audio" / "recordings" / recording_id).exists()
    del stack.settings["RETENTION"]
