"""The last search for deleted recordings is cut into short steps, goes on after any end, and misses
nothing."""

import signal
from collections.abc import Callable
from uuid import uuid4

import pytest

from earshot.analysis.errors import OutOfTime
from earshot.pipeline import cleanup, repair
from earshot.storage import searches, traces
from earshot.storage.postgres import db, tombstones
from earshot.storage.remembered_roles import remember, remembered
from tests.integration.rows import planned
from tests.servers import Stack

pytestmark = pytest.mark.integration

ROWS = 60_000


def test_a_search_goes_on_where_it_stopped(stage: Stack) -> None:
    with db.connect(stage.database_url) as connection:
        gone, other = planned(connection, ["scene"], 1), uuid4()
        tombstones.bury(connection, [gone], "asked", 0, 0)
        connection.execute(
            "CREATE TABLE ballast AS SELECT n, md5(n::text) AS text FROM generate_series(1, %s)"
            " AS n",
            (ROWS,),
        )
        connection.execute(
            "INSERT INTO ballast VALUES (0, %s), (-1, %s)", (f"call {gone}", f"call {other}")
        )
        searches.begin(connection, [gone])
        searches.begin(connection, [other])
    steps, read = 0, None
    while read is None:
        with db.connect(stage.database_url) as connection:  # each time as after the process's death
            steps, read = steps + 1, searches.go_on(connection, ends=0)
        assert steps < 100
    assert steps > 3
    assert (read.ids, read.rows["ballast"]) == ([gone], ROWS + 2)
    assert [(each.place, each.times) for each in read.found] == [("ballast", 1)]
    with db.connect(stage.database_url) as connection:
        assert not searches.under_way(connection)


def test_remembered_roles_stay_and_name_no_deleted_recording(stage: Stack) -> None:
    with db.connect(stage.database_url) as connection:
        gone = planned(connection, ["scene"], 1)
        remember(connection, "default", "s3://calls/", ("customer", "agent"), gone, "anna")
        tombstones.bury(connection, [gone], "asked", 0, 0)
        [kept] = remembered(connection)
        assert (kept.source, kept.recording_id) == ("s3://calls/", None)
        assert traces.rows(connection, [gone])[1] == []


def test_two_at_once_do_not_read_the_same(stage: Stack) -> None:
    with db.connect(stage.database_url) as connection, db.connect(stage.database_url) as other:
        searches.begin(connection, [])
        with other.transaction():
            other.execute(searches.SQL["take"])
            assert searches.go_on(connection, ends=0) is None
        assert searches.go_on(connection, ends=float("inf")) is not None


@pytest.mark.parametrize(
    "guarded",
    [lambda limit: cleanup._once("-", limit), lambda limit: repair._count([1], lambda _: limit())],
)
def test_the_time_limit_of_the_task_ends_a_pass(
    guarded: Callable[[Callable[[], int]], int],
) -> None:
    """Raised out of a signal's handler, as billiard does it."""

    def over(*_: object) -> None:
        raise OutOfTime

    def struck() -> int:
        signal.raise_signal(signal.SIGUSR1)
        return 0

    before = signal.signal(signal.SIGUSR1, over)
    try:
        with pytest.raises(OutOfTime):
            guarded(struck)
    finally:
        signal.signal(signal.SIGUSR1, before)
