"""What operators read and may type: rows, ranges, advice, and one clear line for what cannot be
meant."""

from pathlib import Path

import pytest

from cli.again import choice
from cli.doctor.stuck import Row, advice, ago, ranges
from cli.mend import DONE, lines_of
from cli.terminal.explain import USAGE
from cli.terminal.places import described
from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import WHOLE
from earshot.pipeline.cleanup import Tidied
from earshot.pipeline.repair import Repaired
from earshot.storage.postgres.rounds import Choice
from earshot.storage.redis.presence import Worker, longest_alive_sec
from tests.unit.cli.test_errors import earshot


def row(verdict: str, analysis: str = "asr") -> Row:
    return Row("1f449d10", analysis, verdict, "", (0,), 0.0)


@pytest.mark.parametrize(
    ("chunks", "text"),
    [
        ((), "-"),
        ((4,), "4"),
        ((3, 0, 2, 1), "0-3"),
        ((WHOLE,), "whole"),
        ((5, WHOLE, 7, 8), "whole, 5, 7-8"),
    ],
)
def test_chunks_are_told_as_ranges(chunks: tuple[int, ...], text: str) -> None:
    assert ranges(chunks) == text


def test_ages_are_rough() -> None:
    assert [ago(each) for each in (-1, 59.6, 119, 120, 7_199, 86_399, 200_000)] == [
        "0 s", "60 s", "119 s", "2 min", "1 h", "23 h", "2 d"
    ]  # fmt: skip


def test_advice_names_what_to_start_and_what_mends() -> None:
    assert list(advice([], True)) == []
    [start] = advice([row("unserved"), row("unserved")], True)
    assert start == "unserved: start a worker with `earshot worker asr`, or all with `earshot up`"
    [wait] = advice([row("died"), row("lost")], True)
    assert wait.startswith("died, lost: upkeep sets it going again within 30 s")
    [nobody] = advice([row("unpublished")], False)
    assert nobody.startswith("unpublished: no upkeep worker lives; run `earshot repair`")
    [unsure] = advice([row("unsure")], False)
    assert unsure.startswith("unsure: decided when")


def test_a_pass_tells_each_kind_of_thing_that_it_did() -> None:
    assert set(DONE) == {*Repaired.model_fields, *Tidied.model_fields}
    assert lines_of(Repaired()) == lines_of(Tidied()) == []
    assert lines_of(Repaired(merges_sent_again=2, events_published=3)) == [
        "2 merges sent again",
        "3 events published",
    ]


def test_places_are_told_by_analysis() -> None:
    assert described({0: {"noise", "asr"}, 3: {"noise"}, WHOLE: {"diarization"}}) == (
        "asr of 1 chunk, diarization of the whole recording, noise of 2 chunks"
    )
    assert described({}) == "nothing to do"


def test_what_to_do_again_is_read_from_the_options() -> None:
    assert choice(["noise, asr", "noise"], missing=False, failed=True, stale=False) == Choice(
        failed=True, analyses=("noise", "asr")
    )
    with pytest.raises(Misconfigured, match="no analysis named smell"):
        choice(["smell"], missing=False, failed=False, stale=False)


def test_the_worker_that_was_heard_for_longest_counts_unless_it_left() -> None:
    def heard(seconds: float, left: bool = False) -> Worker:
        return Worker(
            incarnation="a",
            node="n",
            queues=(),
            children=(),
            since=100.0,
            seen=100.0 + seconds,
            left=left,
        )

    assert longest_alive_sec([]) == 0
    assert longest_alive_sec([heard(3), heard(40), heard(90, left=True)]) == 40


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["rerun", "abc"], "name what to repeat: --missing"),
        (["rerun", "--missing"], "name recordings by their ids, or by --state"),
        (["rerun", "abc", "--all", "--failed"], "name recordings by their ids, or by --state"),
        (["rerun", "abc", "--analysis", "smell"], "no analysis named smell"),
        (["rerun", "--state", "open", "--failed"], "'--state'"),
        (["rerun", "--since", "yesterday", "--failed"], "'--since'"),
        (["rerun", "abc", "--failed"], "earshot up"),
        (["dead", "list"], "earshot up"),
        (["dead", "replay", "x"], "'ID...': Input should be a valid integer"),
        (["dead", "bury"], "No such command 'bury'"),
        (["repair"], "earshot up"),
        (["doctor", "--stuck"], "earshot up"),
    ],
)
def test_one_line_says_what_is_wrong(tmp_path: Path, words: list[str], says: str) -> None:
    done = earshot(tmp_path, *words)
    assert (done.returncode, done.stdout) == (USAGE, ""), done.stderr
    assert says in done.stderr
    assert done.stderr.startswith("earshot: ")
    assert done.stderr.count("\n") == 1
