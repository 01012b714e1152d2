"""What to listen to next: the order, its reasons, the lot, and the time it takes."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from uuid import UUID

import psutil
import pytest
from psycopg.types.json import Jsonb

from cli.labelling.work import give_label, show_queue
from earshot.storage.labels.queue import Analysis, Candidate, queue
from earshot.storage.postgres import db
from earshot.storage.postgres.db import Connection
from tests.integration.labels.planted import calls

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("own_settings")]

RARE = {"surprised": 0.7, "angry": 0.1, "sad": 0.1, "neutral": 0.1}
CLOSE = {"happy": 0.42, "angry": 0.4, "sad": 0.1, "neutral": 0.08}


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    with db.connect(database_url) as opened:
        yield opened
        opened.execute("DELETE FROM recording")


def put(connection: Connection, recording_id: UUID, path: str, value: object) -> None:
    connection.execute(
        "UPDATE report SET body = jsonb_set(body, %s::text[], %s) WHERE recording_id = %s",
        (path, Jsonb(value), recording_id),
    )


def chosen(connection: Connection, analysis: Analysis, count: int = 10) -> list[Candidate]:
    return queue(connection, analysis, count, 0, {})


def emotion(label: str, scores: dict[str, float]) -> dict[str, object]:
    top = max(scores.values())
    return {"label": label, "label_native": label, "confidence": top, "scores": scores,
            "abstained": False}  # fmt: skip


def test_the_uncertain_come_first_then_the_contradicted_then_the_rare(
    connection: Connection, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = calls(connection, tmp_path, "acme", 30)
    uncertain, opposed, rare, forbidden = ids[:4]
    sure = {"happy": 0.7, "angry": 0.1, "sad": 0.1, "neutral": 0.1}
    connection.execute(  # all the same, so that what is planted decides
        """UPDATE report SET body = jsonb_set(body, '{turns}', (SELECT jsonb_agg(
           turn || jsonb_build_object('emotion', %s::jsonb, 'sentiment', null))
           FROM jsonb_array_elements(body -> 'turns') AS turn))""",
        (Jsonb(emotion("happy", sure)),),
    )
    put(connection, uncertain, "{turns,3,emotion}", emotion("happy", CLOSE))
    put(connection, uncertain, "{turns,5,emotion}", emotion("happy", CLOSE))  # the same speaker
    put(connection, opposed, "{turns,7,text_sentiment}", {"label": "negative"})
    put(connection, rare, "{turns,8,emotion}", emotion("surprised", RARE))
    put(connection, forbidden, "{turns,2,emotion}", emotion("happy", CLOSE))
    put(connection, ids[4], "{turns,2,emotion}", emotion("happy", CLOSE))
    connection.execute(  # and what redaction has silenced cannot be listened to
        """UPDATE recording SET request = request || '{"redact": true}' WHERE id = %s""", (ids[4],)
    )
    put(connection, ids[4], "{sections}", {"redaction": {"stretches": [
        {"channel": 0, "start_ms": 0, "end_ms": 10**8, "kind": "card"}]}})  # fmt: skip
    connection.execute(
        """UPDATE recording SET request = '{"uri": "/own//7.wav"}' WHERE id = %s""", (forbidden,)
    )
    planted = {uncertain, opposed, rare}
    allowed = {"file:///own/": False, "acme": True}
    searches = (queue(connection, "emotion", 10, seed, allowed) for seed in range(50))
    found = next(  # the lot may fall on what is looked for
        each for each in searches if not planted & {one.id for one in each if one.drawn}
    )
    ranked = [(each.id, each.start_ms) for each in found if not each.drawn]
    starts = {
        row["id"]: row["starts"]
        for row in connection.execute(
            "SELECT recording_id AS id,"
            " jsonb_path_query_array(body, '$.turns[*].start_ms') AS starts FROM report"
        )
    }
    first = next(each for each in found if each.id == uncertain and not each.drawn)
    assert ranked[0] == (uncertain, first.start_ms)
    assert first.start_ms in (starts[uncertain][3], starts[uncertain][5])
    assert first.why == ("uncertain by 0.98",)
    assert ranked[1] == (opposed, starts[opposed][7])
    assert found[1].why == ("uncertain by 0.40", "its words have the opposite sentiment")
    assert ranked[2] == (rare, starts[rare][8])
    assert found[2].why[1].startswith("rare: 0.1% of the answers are surprised")
    assert not {forbidden, ids[4]} & {each.id for each in found}
    assert max(Counter((each.id, each.speaker) for each in found).values()) == 1

    give_label(str(uncertain), "emotion", first.start_ms / 1000 + 0.1, None, None, "angry")
    show_queue("emotion", 10, None, 0, as_json=True)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()[1:]]
    assert (str(uncertain), first.start_ms) not in {
        (each["id"], each["start_ms"]) for each in lines
    }
    show_queue("emotion", 10, "nowhere", 0, as_json=False)
    assert "no recording with sound has an answer of emotion" in capsys.readouterr().err


def test_a_tenth_is_drawn_by_a_lot_that_a_seed_repeats(
    connection: Connection, tmp_path: Path
) -> None:
    calls(connection, tmp_path, "acme", 40)

    def lot(seed: int) -> set[tuple[UUID, int]]:
        found = queue(connection, "sentiment", 30, seed, {})
        assert len(found) == 30
        assert [each.drawn for each in found] == [False] * 27 + [True] * 3
        assert all("by lot" in each.why[0] for each in found if each.drawn)
        return {(each.id, each.start_ms) for each in found if each.drawn}

    assert lot(1) == lot(1) != lot(2)


def test_stretches_are_compared_with_speech_and_words(
    connection: Connection, tmp_path: Path
) -> None:
    music, speech, noise = calls(connection, tmp_path, "acme", 3)
    doubtful = {"confidence": 0.3}
    put(
        connection,
        music,
        "{scene,0}",
        {"label": "music", "start_ms": 400, "end_ms": 3_000} | doubtful,
    )
    put(
        connection,
        speech,
        "{scene,0}",
        {"label": "speech", "start_ms": 0, "end_ms": 390} | doubtful,
    )
    put(connection, speech, "{conversation,speech}", [])
    put(
        connection,
        speech,
        "{scene,1}",
        {"label": "speech", "start_ms": 999_000, "end_ms": 999_999} | doubtful,
    )
    put(connection, noise, "{noise}", {"timeline": [
        {"label": "rain_light", "start_ms": 0, "end_ms": 4_000, "confidence": 0.5}]})  # fmt: skip
    put(
        connection,
        noise,
        "{scene,0}",
        {"label": "silence", "start_ms": 0, "end_ms": 4_000, "confidence": 0.9},
    )
    found = {each.id: each.why for each in chosen(connection, "scene", 3) if not each.drawn}
    against = {
        music: "words were recognised there",
        speech: "no speech was detected there, and no words recognised",
    }
    assert len(found) == 2
    for each in found.keys() & against.keys():  # the third may be the one that is drawn
        assert found[each][1] == against[each]
    [one] = chosen(connection, "noise", 1)
    assert (one.id, one.drawn, one.why[1]) == (noise, False, "scene is silence there")


READ = """
SELECT sum(length(turn::text)) FROM report, jsonb_array_elements(body -> 'turns') AS turn (turn)
"""
"""Every turn as text, once."""


def test_a_search_of_two_thousand_recordings_costs_few_readings_of_them(
    connection: Connection, tmp_path: Path
) -> None:
    """By the server's CPU, as a ratio: this machine may be busy."""
    connection.execute("TRUNCATE recording CASCADE")  # of other tests
    calls(connection, tmp_path, "acme", 2_000)
    server = psutil.Process(connection.info.backend_pid)

    def spent(search: Callable[[], object]) -> float:
        search()  # reads what was just written
        before = server.cpu_times()
        search()
        after = server.cpu_times()
        return after.user + after.system - before.user - before.system

    once = spent(lambda: connection.execute(READ).fetchall())
    analyses: tuple[Analysis, ...] = ("emotion", "scene")
    for analysis in analyses:
        assert len(chosen(connection, analysis, 50)) == 50
        took = spent(partial(chosen, connection, analysis, 50))
        assert took < 2 * once  # 1.05 and 0.7 measured
