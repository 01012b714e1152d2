"""The three pools on a CUDA device, through real servers and workers: how much sound they hear in a
second, beside the bare forward loop and beside one chunk a job; and what a worker holds of the
device after a thousand jobs.

Networks of the true shapes with random weights: speed and memory do not depend on what the weights
say. ``docs/performance.md`` says what the columns mean and what the bars are held against.
"""

import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pytest

from earshot.analysis.types import Release
from earshot.models.checkpoints.location import locate
from earshot.settings import settings
from tests.bare_forward import seconds_a_pass
from tests.pool_sound import Sound
from tests.pool_throughput import FULL, Heard, Pool, front
from tests.servers import Stack, servers

pytestmark = pytest.mark.gpu

LEAST_SHARE = 0.85
"""Of the throughput of the bare forward loop at the same batch: of the warm pool's wall time, with
everything in it."""
LEAST_GAIN = 5.0
"""Over one chunk a job."""
RECORDINGS = 20
PASSES = 20
WARM, JOBS = 20, 1_000
MOST_GROWTH = 32 << 20
"""Bytes over a thousand jobs. A segment of torch's allocator has 20 MB, which jobs of a new length
may take once; a row's activations kept by each job would be gigabytes."""


@dataclass(frozen=True)
class Case:
    """A network in its pool."""

    analysis: str
    runtime: str
    shape: str
    barred: bool = False
    """Whether the bars hold for it."""


CASES = {
    "ctc": Case("asr", "transformers-ctc", "Wav2Vec2-BERT, 24 layers of 1024", barred=True),
    "whisper": Case("asr", "transformers-whisper", "Whisper small", barred=True),
    "emotion2vec": Case("emotion", "emotion2vec", "emotion2vec+ base"),
    "pyannote": Case("diarization", "pyannote", "community-1"),
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Release]]:
    pytest.importorskip(
        "pyannote.audio",
        reason=(
            "the extra diarization is not installed: pip install -r requirements/diarization.txt"
        ),
    )
    from tests.runtimes import shelf
    from tests.runtimes.tiny import ctc, emotion2vec, pyannote, whisper

    saved = tmp_path_factory.mktemp("pools")
    ctc.save(saved / "ctc", hidden=1024, layers=24, heads=16)
    whisper.save(saved / "whisper", width=768, layers=12, heads=12)
    emotion2vec.save(saved / "emotion2vec", width=768, heads=12, depth=8, channels=512, prenet=4)
    pyannote.save(saved / "pyannote", hidden=128, layers=4)
    checkpoints = {
        name: (case.analysis, case.runtime, saved / name) for name, case in CASES.items()
    }
    with pytest.MonkeyPatch.context() as environment:
        yield shelf.release(checkpoints, tmp_path_factory.mktemp("home"), environment)
    settings.cache_clear()


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with servers() as started:
        yield started


@pytest.mark.parametrize("name", CASES)
def test_throughput(stack: Stack, served: dict[str, Release], cuda: str, name: str) -> None:
    case, release = CASES[name], served[name]
    full = heard(stack, release, FULL)
    # A job of diarization carries a whole recording, whatever the batch.
    single = None if case.analysis == "diarization" else heard(stack, release, 1)
    sound_sec = sum(ref.end_ms - ref.start_ms for ref in full.first) / 1000
    bare = sound_sec / seconds_a_pass(
        release.runtime, locate(release, settings()), "cuda", full.first, PASSES
    )
    print(table(case, cuda, bare, full, single))
    if case.barred:
        assert single is not None
        assert full.rate >= LEAST_SHARE * bare
        assert full.rate >= LEAST_GAIN * single.rate


def heard(stack: Stack, release: Release, batch: int) -> Heard:
    """The pool alone on the device."""
    with front(stack, Sound(), "cuda", batch) as started:
        return Pool(started, release).hear(RECORDINGS)


def table(case: Case, device: str, bare: float, full: Heard, single: Heard | None) -> str:
    """For ``docs/performance.md``."""
    one, gain = (f"{single.rate:.0f}", f"{full.rate / single.rate:.1f}") if single else ("-", "-")
    figures = (
        f"{bare:.0f}",
        f"{full.rate:.0f}",
        f"{full.in_jobs:.0f}",
        one,
        f"{full.rate / bare:.2f}",
        gain,
    )
    return "\n".join(
        (
            (
                f"\n{device}, {platform.machine()}, {len(os.sched_getaffinity(0))} cores;"
                f" {date.today()}\n"
            ),
            (
                "| pool | checkpoint shape | bare | pool | within jobs | one chunk a job | pool /"
                " bare | pool / one chunk a job |"
            ),
            "|---|---|--:|--:|--:|--:|--:|--:|",
            f"| {' | '.join((case.analysis, case.shape, *figures))} |",
        )
    )


def test_a_thousand_jobs_leave_nothing_behind(
    stack: Stack, served: dict[str, Release], cuda: str
) -> None:
    import torch

    def held(_: int) -> int:
        """Bytes of the device in use, by whomever: what a process holds is not told to its
        neighbours in a container."""
        free, total = torch.cuda.mem_get_info()
        return int(total - free)

    with front(stack, Sound(1.7, 0.5), "cuda", 1) as started:
        before, after = Pool(started, served["ctc"]).held_after(WARM, JOBS, held)
    print(
        f"\n{cuda}: memory in use after {WARM} jobs {before >> 20} MB, after {JOBS} more"
        f" {after >> 20} MB"
    )
    assert after - before <= MOST_GROWTH
