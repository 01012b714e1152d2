"""Threads give each item its own result, whatever waits beside it."""

import asyncio
from collections.abc import Sequence
from itertools import chain
from threading import Event, get_ident

import pytest

from gateway.short.threads import MOST_TOGETHER, Threads


class Halves:
    """Halves even numbers; refuses a call with an odd one. Waits for ``go``."""

    def __init__(self) -> None:
        self.go = Event()
        self.calls: list[list[int]] = []
        self.threads: set[int] = set()

    def work(self, numbers: Sequence[int]) -> list[int]:
        self.go.wait(10)
        self.calls.append(list(numbers))
        self.threads.add(get_ident())
        odd = [number for number in numbers if number % 2]
        if odd:
            raise ValueError(f"{odd[0]} is odd")
        return [number // 2 for number in numbers]


@pytest.mark.parametrize("count", [1, 3])
def test_each_item_has_its_own_result_or_error(count: int) -> None:
    halves = Halves()
    work = halves.work

    async def main() -> list[int | BaseException]:
        threads = Threads(count)
        try:
            asked = [asyncio.ensure_future(threads.run(work, number)) for number in range(100)]
            await asyncio.sleep(0)  # all of them wait
            halves.go.set()
            return await asyncio.gather(*asked, return_exceptions=True)
        finally:
            threads.stop()

    found = asyncio.run(main())
    for number, result in enumerate(found):
        if number % 2:
            assert isinstance(result, ValueError)
            assert str(result) == f"{number} is odd"
        else:
            assert result == number // 2
    assert get_ident() not in halves.threads
    assert 1 < max(map(len, halves.calls)) <= MOST_TOGETHER


def test_work_of_another_kind_is_not_joined() -> None:
    ones, others = Halves(), Halves()
    one, other = ones.work, others.work

    async def main() -> list[int]:
        threads = Threads(1)
        try:
            asked = [threads.run(one if i % 3 else other, 2 * i) for i in range(30)]
            ones.go.set()
            others.go.set()
            return await asyncio.gather(*asked)
        finally:
            threads.stop()

    assert asyncio.run(main()) == list(range(30))
    assert sorted(chain(*ones.calls)) == [2 * i for i in range(30) if i % 3]
    assert sorted(chain(*others.calls)) == [2 * i for i in range(30) if not i % 3]


def test_a_cancelled_call_harms_no_other() -> None:
    halves = Halves()
    work = halves.work

    async def main() -> list[int]:
        threads = Threads(1)
        try:
            asked = [asyncio.ensure_future(threads.run(work, 2 * i)) for i in range(20)]
            await asyncio.sleep(0)
            for each in asked[::2]:
                each.cancel()
            halves.go.set()
            return await asyncio.gather(*asked[1::2])
        finally:
            threads.stop()

    assert asyncio.run(main()) == list(range(1, 20, 2))
