"""Releases in shadow: the bound on their CPU, and what is said of their answers."""

from uuid import UUID

import pytest

from earshot.analysis.errors import Misconfigured
from earshot.analysis.findings import Classification
from earshot.pipeline.releasing.answering import Throttle
from earshot.pipeline.releasing.difference import Flip, difference
from earshot.storage.releases.shadows import Pair
from tasks.app import worker_argv

FIRST, SECOND = UUID(int=1), UUID(int=2)


class Machine:
    """Clocks that stand still but for work and sleep."""

    def __init__(self) -> None:
        self.now = self.used = 0.0

    def work(self, sec: float, cpu: float | None = None) -> None:
        self.now += sec
        self.used += sec if cpu is None else cpu

    def sleep(self, sec: float) -> None:
        self.now += sec


def throttle(machine: Machine, share: float) -> Throttle:
    return Throttle(share, lambda: machine.used, lambda: machine.now, machine.sleep)


@pytest.mark.parametrize("share", [0.05, 0.1, 0.5, 1.0])
def test_work_is_within_its_share_of_the_time(share: float) -> None:
    machine = Machine()
    limit = throttle(machine, share)
    for sec in (0.2, 3.0, 0.01, 7.0):
        machine.work(sec)
        while not limit.rest(60):
            pass
        assert machine.used <= share * machine.now + 1e-9
    assert machine.used / machine.now == pytest.approx(share)


def test_a_rest_is_continued_and_idle_time_is_no_credit() -> None:
    machine = Machine()
    limit = throttle(machine, 0.1)
    machine.work(10)  # 90 s are owed
    assert not limit.rest(60)
    assert machine.now == pytest.approx(70)
    assert limit.rest(60)
    assert machine.now == pytest.approx(100)
    machine.sleep(1000)  # nothing was asked for
    assert limit.rest(60)
    machine.work(1)
    limit.rest(60)
    assert machine.now == pytest.approx(1110)


def test_threads_count_as_the_cpu_they_use() -> None:
    machine = Machine()
    limit = throttle(machine, 0.5)
    machine.work(1, cpu=4)
    limit.rest(60)
    assert machine.now == pytest.approx(8)


def said(label: str, share: float) -> Classification:
    scores = {"hum": 1 - share, "rain": 1 - share} | {label: share}
    return Classification(label=label, confidence=share, scores=scores)


def pair(
    recording: UUID,
    index: int,
    answer: Classification | None,
    other: Classification | None,
    by: str = "noise-a",
    code: str | None = None,
    reason: str | None = None,
) -> Pair:
    skipped, failed = reason is not None, code is not None
    return Pair(
        recording_id=recording,
        chunk_index=index,
        start_ms=index * 1000,
        end_ms=index * 1000 + 1000,
        status="failed" if failed else "skipped" if skipped else "succeeded",
        answer=answer,
        reason=reason,
        code=code,
        cpu_ms=20,
        sound_ms=1000,
        other=by,
        other_status="succeeded" if other else "failed",
        other_answer=other,
        other_reason=None,
    )


def test_flips_shift_cost_failures_and_clips() -> None:
    pairs = [
        pair(FIRST, 0, said("hum", 0.9), said("hum", 0.8)),
        pair(FIRST, 1, said("rain", 0.7), said("hum", 0.6)),
        pair(FIRST, 2, None, said("hum", 0.6), reason="no_speech"),
        pair(SECOND, 0, said("rain", 0.6), said("hum", 0.6)),
        pair(SECOND, 1, None, said("hum", 0.6), code="broken"),
        pair(SECOND, 2, said("rain", 0.6), None),
        pair(SECOND, 3, said("rain", 0.6), said("hum", 0.6), by="noise-z"),
    ]
    found = difference("noise-b", "noise-a", pairs, 12.5, clips=2)
    assert (found.recordings, found.chunks, found.flips) == (2, 4, 3)
    assert found.flip_share == 0.75
    assert found.flip_table == (
        Flip(was="hum", now="rain", chunks=2),
        Flip(was="hum", now="(no_speech)", chunks=1),
    )
    assert found.left_out == {"noise-z": 1}
    assert (found.failures, found.active_failures) == ({"broken": 1}, 1)
    assert found.shift is not None
    assert found.shift.mean == pytest.approx((0.1 + (0.3 - 0.6) + (0.4 - 0.6)) / 3, abs=1e-3)
    assert found.shift.quantiles["50"] == pytest.approx(-0.2)
    assert found.cpu.model_dump() == {"candidate": 20.0, "active": 12.5}
    assert [(each.recording_id, each.start_ms, each.was, each.now) for each in found.clips] == [
        (FIRST, 2000, "hum", "(no_speech)"),
        (FIRST, 1000, "hum", "rain"),
    ]
    assert found.clips[0].disagreement == 1


def test_nothing_to_compare_is_said_in_figures() -> None:
    found = difference("noise-b", "noise-a", [], None)
    assert (found.chunks, found.flip_share, found.shift, found.cpu.candidate) == (0, 0, None, None)


def test_shadows_have_workers_of_their_own() -> None:
    argv = worker_argv(("shadow",), 2)
    assert {"tasks.shadowing", "--queues=shadow"} <= set(argv)
    with pytest.raises(Misconfigured, match="each alone retrain, shadow"):
        worker_argv(("noise", "shadow"), 1)
