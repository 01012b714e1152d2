"""Hooks enclose every job, see what becomes of it, and cannot change it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from types import TracebackType

import numpy as np
import pytest

from earshot.analysis.errors import OutOfTime, Unavailable
from earshot.analysis.outcome import Outcome, Succeeded
from earshot.analysis.types import Job
from earshot.models.checkpoints.defaults import default_release
from tests.chunks import chunk
from workers import hooks
from workers.direct import job_of
from workers.hooks import Hook, JobRun
from workers.run import run


def job(path: Path) -> Job:
    return job_of(default_release("scene"), [chunk(1000, audio_uri=path)])


@pytest.fixture
def good(tmp_path: Path) -> Job:
    path = tmp_path / "sound.pcm"
    path.write_bytes(np.random.default_rng(0).normal(0, 3000, 16_000).astype("<i2").tobytes())
    return job(path)


@pytest.fixture
def unreadable(tmp_path: Path) -> Job:
    """The store answers with an error that is not the chunk's."""
    (tmp_path / "folder.pcm").mkdir()
    return job(tmp_path / "folder.pcm")


@pytest.fixture
def register() -> Iterator[Callable[[Hook], None]]:
    """Registers a hook, as a process does at its start, until the test ends."""
    with ExitStack() as until_then:

        def registered(hook: Hook) -> None:
            hooks.register(hook)
            until_then.callback(hooks.unregister, hook)

        yield registered


class Recorder:
    """Records what each of its hooks is given, in order."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, object]] = []

    def hook(self, name: str) -> Hook:
        @contextmanager
        def recorded(entered: JobRun) -> Iterator[None]:
            assert entered.outcomes is None
            self.seen.append((name, "job", entered.job))
            try:
                yield
            except BaseException as error:
                self.seen.append((name, "error", error))
                raise
            self.seen.append((name, "outcomes", entered.outcomes))

        return recorded


class Failing:
    """Fails while it is entered or left; would suppress the job's exceptions if it could."""

    def __init__(self, at: str, error: Exception) -> None:
        self.at, self.error = at, error

    def __call__(self, entered: JobRun) -> AbstractContextManager[object]:
        self._fail("made")
        return self

    def __enter__(self) -> None:
        self._fail("entered")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self._fail("left")
        return True

    def _fail(self, at: str) -> None:
        if at == self.at:
            raise self.error


def succeeded(outcomes: list[Outcome]) -> bool:
    return len(outcomes) == 1 and isinstance(outcomes[0], Succeeded)


def test_each_hook_sees_the_job_and_its_outcomes_the_first_outermost(
    good: Job, register: Callable[[Hook], None]
) -> None:
    recorder = Recorder()
    register(recorder.hook("first"))
    register(recorder.hook("second"))
    outcomes = run(good, "cpu")
    assert succeeded(outcomes)
    assert recorder.seen == [
        ("first", "job", good),
        ("second", "job", good),
        ("second", "outcomes", tuple(outcomes)),
        ("first", "outcomes", tuple(outcomes)),
    ]


def test_a_hook_sees_the_exception_and_the_caller_gets_it(
    unreadable: Job, register: Callable[[Hook], None]
) -> None:
    recorder = Recorder()
    register(recorder.hook("first"))
    with pytest.raises(Unavailable) as raised:
        run(unreadable, "cpu")
    assert recorder.seen == [("first", "job", unreadable), ("first", "error", raised.value)]


@pytest.mark.parametrize("at", ["made", "entered", "left"])
@pytest.mark.parametrize("error", [ValueError("broken"), Unavailable("redis_away", "gone")])
def test_a_hook_that_fails_is_logged_and_changes_nothing(
    good: Job,
    register: Callable[[Hook], None],
    caplog: pytest.LogCaptureFixture,
    at: str,
    error: Exception,
) -> None:
    recorder = Recorder()
    for hook in (recorder.hook("outer"), Failing(at, error), recorder.hook("inner")):
        register(hook)
    outcomes = run(good, "cpu")
    assert succeeded(outcomes)
    assert [(name, what) for name, what, _ in recorder.seen] == [
        ("outer", "job"),
        ("inner", "job"),
        ("inner", "outcomes"),
        ("outer", "outcomes"),
    ]
    (record,) = [each for each in caplog.records if each.name == "workers.hooks"]
    assert record.exc_info is not None
    assert record.exc_info[1] is error


@pytest.mark.parametrize("at", ["left", "never"])
def test_no_hook_suppresses_or_replaces_the_exception_of_a_job(
    unreadable: Job, register: Callable[[Hook], None], at: str
) -> None:
    register(Failing(at, ValueError("broken")))
    with pytest.raises(Unavailable):
        run(unreadable, "cpu")


@pytest.mark.parametrize("at", ["made", "entered", "left"])
def test_the_time_limit_of_a_task_ends_the_job_inside_a_hook_too(
    good: Job, register: Callable[[Hook], None], at: str
) -> None:
    register(Failing(at, OutOfTime()))
    with pytest.raises(OutOfTime):
        run(good, "cpu")


def test_chunks_that_are_tried_alone_are_one_job(
    good: Job, register: Callable[[Hook], None], tmp_path: Path
) -> None:
    runs: list[JobRun] = []

    def keep(entered: JobRun) -> AbstractContextManager[object]:
        runs.append(entered)
        return nullcontext()

    register(keep)
    gone = chunk(1000, index=1, audio_uri=tmp_path / "gone.pcm")
    both = good.model_copy(update={"chunks": (*good.chunks, gone)})
    outcomes = run(both, "cpu")
    assert [outcome.status for outcome in outcomes] == ["succeeded", "failed"]
    assert [(each.job, each.outcomes) for each in runs] == [(both, tuple(outcomes))]
