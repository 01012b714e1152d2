"""Corrections become data that trainers read: which, with what sound, in which revision, and what
is left out."""

import hashlib
import hmac
import json
import time
import wave
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from cli.labelling.work import export_labels, give_label
from earshot.analysis.corrections.changes import RenameSpeaker
from earshot.analysis.errors import Misconfigured, Permanent
from earshot.analysis.findings import SCENES, SENTIMENTS
from earshot.pipeline import deletion
from earshot.pipeline.correcting.changes import make
from earshot.pipeline.keeping.exported import SOUND, remove_exports
from earshot.pipeline.labelling.export import Written, export
from earshot.settings import Settings
from earshot.storage import traces
from earshot.storage.labels import data
from earshot.storage.labels.queue import queue
from earshot.storage.postgres import db, recordings, tombstones
from earshot.storage.postgres.db import Connection
from tests.integration.labels.planted import calls, report, say, turn
from training.trainers.data.listing import listed
from training.trainers.data.recordings import checked
from training.trainers.watch import Watch

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("own_settings")]

LABELS = ("happy", "sad", "angry", "surprised", "neutral")


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    with db.connect(database_url) as opened:
        yield opened
        opened.execute("DELETE FROM recording")
        opened.execute("DELETE FROM training_data")


@pytest.fixture
def ids(connection: Connection, tmp_path: Path) -> list[UUID]:
    return calls(connection, tmp_path, "acme", 5)


def written(connection: Connection, folder: Path, model: str = "emotion", **own: Any) -> Written:
    return export(connection, model, folder, "me", Settings(**own))


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "labels.jsonl").read_text().splitlines()]


def test_labels_become_data_that_trainers_read(
    connection: Connection, ids: list[UUID], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = turn(connection, ids[0])["emotion"]["label"]
    say(connection, ids[0], answer)
    assert f"emotion is {answer}, confirmed" in capsys.readouterr().out
    say(connection, ids[0], answer)
    assert "as it was said before" in capsys.readouterr().out
    for each in ids[1:]:
        other = next(x for x in LABELS if x != turn(connection, each)["emotion"]["label"])
        say(connection, each, other)
    assert "instead of" in capsys.readouterr().out
    folder = tmp_path / "data"
    made = written(connection, folder)
    assert (made.revision, made.examples, made.recordings, made.left_out) == (1, 5, 5, {})
    assert json.loads((folder / "version.json").read_text()) == made.model_dump(mode="json")
    assert sorted(each["how"] for each in rows(folder)) == ["confirmed", *["corrected"] * 4]
    for row in rows(folder):
        assert traces.Ids(ids).named(row["path"].encode()) is None  # as in verdicts, which stay
        with wave.open(str(folder / row["path"])) as clip:
            length = (row["end_ms"] - row["start_ms"]) / 1000
            assert clip.getframerate() == 16_000
            assert clip.getnframes() / 16_000 == pytest.approx(length, abs=0.002)
    found = listed(folder, "emotion", LABELS)
    assert [each.label for each in found] == [row["emotion"] for row in rows(folder)]
    groups = {each.group for each in checked(found, 60.0, 2, Watch())}
    assert len(groups) == 5  # a recording each

    assert written(connection, tmp_path / "again").revision == 1
    say(connection, ids[0], "surprised", 1)
    second = written(connection, folder)
    assert (second.revision, second.examples) == (2, 6)
    connection.execute("UPDATE correction SET undone_at = now(), undone_by = 'me'"
                       " WHERE value ->> 'label' = 'surprised' AND version = 2")  # fmt: skip
    assert written(connection, folder).revision == 1
    assert {row["path"] for row in rows(folder)} == {
        path.relative_to(folder).as_posix() for path in (folder / "clips").glob("*/*")
    }
    export_labels("emotion", folder, as_json=False)
    assert "revision 1: 5 examples of 5 recordings" in capsys.readouterr().out


def test_what_must_not_be_trained_on_is_left_out_and_counted(
    connection: Connection, ids: list[UUID], tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    forbidden, silent, late, other, kept = ids
    for each in ids:
        say(connection, each, "surprised")
    say(connection, late, "sad", 59)  # the sound ends before
    say(connection, kept, "unclear", 1)
    assert written(connection, folder).examples == 5
    place = {key: turn(connection, silent)[key] for key in ("start_ms", "end_ms", "channel")}
    body = report(connection, silent) | {
        "sections": {"redaction": {"stretches": [{**place, "kind": "card"}]}}
    }
    changed = report(connection, other)
    changed["turns"][0]["emotion"] |= {"label": "frustrated", "label_native": "frustrated"}
    for each, new in ((silent, body), (other, changed)):
        args = (Jsonb(new), each)
        connection.execute("UPDATE report SET body = %s WHERE recording_id = %s", args)
    connection.execute(
        """UPDATE recording SET request = '{"uri": "file:///own/7.wav"}' WHERE id = %s""",
        (forbidden,),
    )
    own = {"train_on": {"file:///own": False}}
    left = written(connection, folder, **own).left_out
    assert left == {"conflict": 1, "forbidden": 1, "no_sound": 1, "redacted": 1, "unclear": 1}
    recordings.forget(connection, late)
    assert written(connection, folder, **own).left_out["deleted"] == 1
    assert [row["recording"] for row in rows(folder)] == [str(kept)]
    assert [path.parent.name[:8] for path in (folder / "clips").glob("*/*")] == [str(kept)[:8]]

    assert remove_exports(connection, [kept], SOUND) == [kept]  # as deletion and retention do
    assert not list(folder.glob("clips/*/*"))
    with pytest.raises(Permanent, match=r"no correction can teach emotion: .*4 forbidden"):
        written(connection, folder, train_on={"acme": False})


def waits(connection: Connection) -> bool:
    return connection.execute("SELECT FROM pg_locks WHERE NOT granted").rowcount > 0


@pytest.mark.parametrize("how", ["deleted", "expired"])
def test_no_clip_outlives_what_is_deleted_or_expires_meanwhile(
    connection: Connection, database_url: str, ids: list[UUID], tmp_path: Path, how: str
) -> None:
    for each in ids:
        say(connection, each, "surprised")
    with ThreadPoolExecutor(1) as pool, db.connect(database_url) as other:
        with other.transaction():
            if how == "deleted":
                tombstones.bury(other, ids[:1], "asked", 0, 0)
            else:
                other.execute("UPDATE recording SET audio = '{}' WHERE id = %s", (ids[0],))
                assert remove_exports(other, ids[:1], SOUND) == ids[:1]
            making = pool.submit(written, connection, tmp_path / "data")
            deadline = time.monotonic() + 30
            while not making.done() and not waits(other) and time.monotonic() < deadline:
                time.sleep(0.01)  # between two looks
        deletion.erase(other)
        assert making.result(30).left_out == {"no_sound": 1}
    found = {path.parent.name[:8] for path in (tmp_path / "data" / "clips").glob("*/*")}
    assert found == {str(each)[:8] for each in ids[1:]}


def test_a_folder_keeps_nothing_of_labels_that_may_no_longer_be_trained_on(
    connection: Connection, ids: list[UUID], tmp_path: Path
) -> None:
    say(connection, ids[0], "surprised")
    assert written(connection, tmp_path / "data").examples == 1
    with pytest.raises(Permanent, match="no correction can teach emotion: 1 forbidden"):
        written(connection, tmp_path / "data", train_on={"*": False})
    assert {path.name for path in (tmp_path / "data").rglob("*")} <= {".labels.lock", "clips"}


def test_clips_of_a_container_before_this_one_are_removed_where_the_folder_is_shared(
    connection: Connection, ids: list[UUID], tmp_path: Path
) -> None:
    for each in ids[:2]:
        say(connection, each, "surprised")
    written(connection, tmp_path / "data")
    connection.execute("UPDATE export SET host = 'f00dcafe0123'")
    away = str(tmp_path / "away" / f"call-{str(ids[0])[:8]}.wav")
    recordings.note_export(connection, ids[0], "f00dcafe0123", away)
    assert remove_exports(connection, ids[:1], SOUND) == ids[:1]
    rows = connection.execute("SELECT path FROM export WHERE recording_id = %s", (ids[0],))
    assert [row["path"] for row in rows] == [away]  # of that machine alone
    deletion.delete(connection, ids[:2], "asked")
    [receipt] = deletion.receipts(connection, ids[1:2])
    assert receipt.removed["exports"] == {"removed": 1}
    assert not list((tmp_path / "data" / "clips").glob("*/*"))


def test_noise_has_its_recording_as_group_and_no_place_has_two_labels(
    connection: Connection, ids: list[UUID], tmp_path: Path
) -> None:
    timeline = [{"label": "rain_light", "start_ms": 0, "end_ms": 50_000, "confidence": 0.4}]
    section = {"timeline": timeline, "bandwidth_limited": False, "coverage": ["rain_light"]}
    connection.execute(
        "UPDATE report SET body = body || jsonb_build_object('noise', %s::jsonb)",
        (Jsonb(section),),
    )
    one, two = map(str, ids[:2])
    give_label(one, "noise", 1, None, None, "rain_light")
    give_label(two, "noise", 1, 5, None, "rain_heavy")
    give_label(two, "noise", 4, 9, None, "rain_light")
    give_label(two, "noise", 20, 30, None, "rain_heavy")
    made = written(connection, tmp_path / "noise", "noise")
    assert made.left_out == {"contradicted": 2}
    found = listed(tmp_path / "noise", "noise", ("rain_light", "rain_heavy"))
    assert {(each.label, each.speaker) for each in found} == {
        ("rain_light", f"recording-{0:064x}"),
        ("rain_heavy", f"recording-{1:064x}"),
    }


def test_sentiment_and_scene_become_data_that_trainers_read(
    connection: Connection, ids: list[UUID], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scene = [{"label": "speech", "start_ms": 0, "end_ms": 50_000, "confidence": 0.4}]
    connection.execute(
        "UPDATE report SET body = body || jsonb_build_object('scene', %s::jsonb)", (Jsonb(scene),)
    )
    one, two = map(str, ids[:2])
    first = turn(connection, ids[0])
    at = first["start_ms"] / 1000 + 0.1
    answer = first["sentiment"]["label"]
    give_label(one, "sentiment", at, None, None, answer)
    give_label(one, "scene", 1, None, None, "speech")
    confirmed = capsys.readouterr().out
    assert f"sentiment is {answer}, confirmed" in confirmed
    assert "scene is speech, confirmed" in confirmed
    second = turn(connection, ids[1])
    answers = {answer, second["sentiment"]["label"]}
    other = next(label for label in SENTIMENTS if label not in answers)
    give_label(two, "sentiment", second["start_ms"] / 1000, None, None, other)
    give_label(two, "scene", 1, 5, None, "music")
    for model, labels, wanted in (
        ("sentiment", SENTIMENTS, {answer, other}),
        ("scene", SCENES, {"speech", "music"}),
    ):
        made = written(connection, tmp_path / model, model)
        assert (set(made.labels), made.left_out) == (wanted, {})
        found = listed(tmp_path / model, model, labels)
        assert {each.label for each in found} == wanted
        assert {each.speaker for each in found} == {f"recording-{n:064x}" for n in (0, 1)}
        assert {each["how"] for each in rows(tmp_path / model)} == {"confirmed", "corrected"}
    queued = queue(connection, "scene", 10, 0, {})
    assert {str(each.id) for each in queued}.isdisjoint({one, two})


def test_a_voice_that_people_named_is_one_in_all_recordings_and_its_name_is_not_guessed(
    connection: Connection, ids: list[UUID], tmp_path: Path
) -> None:
    name = RenameSpeaker(kind="rename", speaker="s0", name="Bob")
    for each in ids[:2]:
        make(connection, each, name, lambda _: True, str(uuid4()), by="me")
    written(connection, tmp_path / "data", "voices")
    [voice] = {row["speaker"] for row in rows(tmp_path / "data")}
    salt = data.salt(connection)
    bare = {hashlib.sha256(text.encode()).hexdigest()[:16] for text in ("acme Bob", "Bob")}
    salted = hmac.new(salt.bytes, b"acme Bob", hashlib.sha256).hexdigest()[:16]
    assert voice == f"voice-{salted}"
    assert salted not in bare
    with pytest.raises(UniqueViolation):  # a second secret would make other voices
        connection.execute("INSERT INTO voice_salt DEFAULT VALUES")


def test_a_folder_of_others_is_left_alone(
    connection: Connection, ids: list[UUID], tmp_path: Path
) -> None:
    say(connection, ids[0], "sad")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").touch()
    with pytest.raises(Misconfigured, match=r"holds notes\.txt"):
        written(connection, tmp_path / "mine")
    with pytest.raises(Permanent, match=r"no turn is at 999999"):
        give_label(str(ids[0]), "emotion", 999_999, None, None, "sad")
    with pytest.raises(Permanent, match="no label"):
        give_label(str(ids[0]), "emotion", 1, None, None, "glad")
