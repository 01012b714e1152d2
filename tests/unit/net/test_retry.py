"""When a request is sent again."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from earshot.net.retry import LONGEST_PAUSE_SEC, is_passing, pause_sec, retry_after


@pytest.mark.parametrize(
    ("status", "passing"),
    [
        *((200, False), (400, False), (403, False), (404, False), (410, False), (499, False)),
        *((408, True), (425, True), (429, True), (500, True), (503, True), (599, True)),
    ],
)
def test_statuses(status: int, passing: bool) -> None:
    assert is_passing(status) is passing


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        *(("", 0), ("7", 7), (" 7 ", 7), ("-7", 0), ("soon", 0), ("1.5", 0), ("\u0663", 0)),
        *(("Wed, 21 Oct 2015 07:28:00 GMT", 0), ("9" * 400, 999_999_999)),
    ],
)
def test_what_a_server_asks_to_wait(asked: str, seconds: float) -> None:
    assert retry_after({"Retry-After": asked}) == seconds
    assert retry_after({}) == 0


def test_a_date_to_wait_for() -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    assert 90 < retry_after({"Retry-After": at}) <= 100


def test_pauses_grow_follow_the_server_and_are_bounded() -> None:
    assert [pause_sec(failures) for failures in (1, 2, 3)] == [1, 2, 4]
    assert pause_sec(1, 5.0) == 5
    assert pause_sec(3, 0.5) == 4
    assert pause_sec(1, 1e9) == pause_sec(10_000) == LONGEST_PAUSE_SEC
