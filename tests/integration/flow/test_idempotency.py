"""Keys of repeatable requests: one holder at a time, one answer for a day."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from earshot.storage.postgres import db, idempotency
from earshot.storage.postgres.idempotency import Answer, Key

pytestmark = pytest.mark.integration

LEASE = 60.0


def age(connection: db.Connection, key: str, seconds: float) -> None:
    connection.execute(
        "UPDATE idempotency SET started_at = started_at - make_interval(secs => %s) WHERE key = %s",
        (seconds, key),
    )


def begun(connection: db.Connection, key: str, tenant: str = "acme") -> Key:
    found = idempotency.begin(connection, tenant, key, LEASE)
    assert isinstance(found, Key)
    return found


def test_one_of_many_holds_a_key(database_url: str) -> None:
    key = uuid4().hex

    def begin(_: int) -> object:
        with db.connect(database_url) as connection:
            return idempotency.begin(connection, "acme", key, LEASE)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(begin, range(16)))
    assert sum(isinstance(each, Key) for each in found) == 1
    assert found.count(None) == 15


def test_an_answer_is_kept_for_a_day(database_url: str) -> None:
    name, answer = uuid4().hex, Answer(b"digest", 202, {"id": "7"})
    with db.connect(database_url) as connection:
        key = begun(connection, name)
        assert idempotency.finish(connection, key, answer, uuid4())
        assert not idempotency.finish(connection, key, answer, uuid4())
        assert idempotency.begin(connection, "acme", name, LEASE) == answer
        assert isinstance(idempotency.begin(connection, "zeta", name, LEASE), Key)
        idempotency.release(connection, key)  # of an answered one: no effect
        age(connection, name, idempotency.KEPT_SEC - 60)
        assert idempotency.begin(connection, "acme", name, LEASE) == answer
        age(connection, name, 120)
        begun(connection, name)


def test_a_released_key_is_free(database_url: str) -> None:
    name = uuid4().hex
    with db.connect(database_url) as connection:
        idempotency.release(connection, begun(connection, name))
        begun(connection, name)


def test_a_silent_holder_loses_the_key(database_url: str) -> None:
    """And notices it, so that two requests never both take effect."""
    name, answer = uuid4().hex, Answer(b"digest", 202, {})
    with db.connect(database_url) as connection:
        first = begun(connection, name)
        age(connection, name, LEASE - 5)
        assert idempotency.touch(connection, first)
        age(connection, name, LEASE - 5)
        assert idempotency.begin(connection, "acme", name, LEASE) is None
        age(connection, name, 10)
        second = begun(connection, name)
        assert not idempotency.touch(connection, first)
        assert not idempotency.finish(connection, first, answer, uuid4())
        idempotency.release(connection, first)
        assert idempotency.finish(connection, second, answer, uuid4())


def test_old_keys_are_forgotten(database_url: str) -> None:
    old, young = uuid4().hex, uuid4().hex
    with db.connect(database_url) as connection:
        for name in (old, young):
            idempotency.finish(connection, begun(connection, name), Answer(b"d", 202, {}), uuid4())
        age(connection, old, idempotency.KEPT_SEC + 1)
        assert idempotency.forget(connection, 100) >= 1
        left = connection.execute(
            "SELECT key FROM idempotency WHERE key = ANY (%s)", ([old, young],)
        ).fetchall()
    assert [row["key"] for row in left] == [young]
