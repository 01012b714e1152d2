"""Drift of a release over stored calls: a baseline that stays, one event when it begins, and what
to label."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg.types.json import Jsonb

from cli.releases.drift import show_drift
from earshot.analysis.drift.psi import Drift
from earshot.models.checkpoints.defaults import default_release
from earshot.pipeline.releasing import drifting
from earshot.storage.postgres import db
from earshot.storage.postgres.db import Connection
from earshot.storage.redis.client import client
from tasks.upkeep import tidy_up
from tests.integration.labels.planted import calls

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("own_settings")]

ANGRY = """
UPDATE report p SET body = jsonb_set(body, '{turns}', (
  SELECT jsonb_agg(CASE WHEN n % 2 = 0 THEN jsonb_set(turn, '{emotion,label}', '"angry"') ELSE turn
                   END ORDER BY n)
  FROM jsonb_array_elements(body -> 'turns') WITH ORDINALITY AS t (turn, n)))
FROM recording r WHERE r.id = p.recording_id AND r.finished_at > now() - interval '1 day'
"""


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    with db.connect(database_url) as opened:
        yield opened
        for name in ("recording", "outbox", "drift", "release_baseline"):
            opened.execute(f"DELETE FROM {name}")  # type: ignore[call-overload]
        client().delete(drifting.DAILY)


def told(connection: Connection) -> list[dict[str, object]]:
    rows = connection.execute("SELECT body FROM outbox WHERE body ->> 'type' = 'release.drifted'")
    return [row["body"] for row in rows]


def of_figure(connection: Connection, figure: str) -> Drift:
    [found] = drifting.measured(connection, "acme", "emotion")
    [one] = [each for each in found.drifts if each.figure == figure]
    return one


def test_answers_that_move_are_an_event_and_a_sample_to_label(
    connection: Connection, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Of other tests: all recordings are counted below, those since the last promotion alone.
    connection.execute("TRUNCATE recording, release_event CASCADE")
    calls(connection, tmp_path, "acme", 500)
    name = default_release("emotion").name
    connection.execute(
        "UPDATE report SET body = jsonb_set(body, '{releases}', %s)",
        (Jsonb({"emotion": [name], "scene": ["another"]}),),
    )
    connection.execute(
        "UPDATE recording SET quality = jsonb_build_object('snr_db', 20),"
        " finished_at = now() - interval '60 days'"
    )
    show_drift("acme", "emotion", as_json=False)
    assert f"emotion {name} acme: 0 recordings of 200 for a baseline" in capsys.readouterr().err
    connection.execute(
        "UPDATE recording SET finished_at = now() - interval '3 days'"
        " WHERE id IN (SELECT id FROM recording ORDER BY id LIMIT 210)"
    )
    show_drift("acme", "emotion", as_json=False)
    assert "a baseline of 210 recordings, and none since" in capsys.readouterr().err
    connection.execute(
        "UPDATE recording SET finished_at = now() WHERE finished_at < now() - interval '9 days'"
    )
    label = of_figure(connection, "label")
    assert (label.n_reference, label.n, label.alarm) == (210, 290, False)
    assert drifting.daily(connection, client()) == 0
    assert not of_figure(connection, "snr").alarm

    connection.execute(ANGRY)
    label = of_figure(connection, "label")
    assert label.alarm
    assert label.psi > label.null
    assert label.moved[0].name == "angry"
    assert drifting.daily(connection, client()) == 0  # it is not a day later
    client().delete(drifting.DAILY)
    tidy_up()  # what the scheduler starts
    [event] = told(connection)
    assert (event["analysis"], event["release"], event["figure"]) == ("emotion", name, "label")
    assert event["n"] == 290
    client().delete(drifting.DAILY)
    assert drifting.daily(connection, client()) == 0  # it drifts still

    show_drift("acme", "emotion", as_json=True)
    [line] = [json.loads(each) for each in capsys.readouterr().out.splitlines()]
    assert [each["figure"] for each in line["figures"] if each["alarm"]] == ["label"]
    assert len(line["label"]) == 10
    show_drift(None, None, as_json=False)
    shown = capsys.readouterr()
    assert "drift  angry 2" in shown.out
    assert "scene" in shown.err  # of another release: no baseline
