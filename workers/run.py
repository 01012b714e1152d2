"""Runs one job: loads its model, analyses its chunks, and turns errors into outcomes."""

import logging
from collections.abc import Sequence
from typing import Any

from earshot.analysis.errors import DeviceLost, EarshotError, Transient, one_line
from earshot.analysis.outcome import DEVICE_MEMORY, Failed, Outcome, Skipped, Succeeded
from earshot.analysis.types import Job, Release
from earshot.audio.clip import Clip
from earshot.compute import cache
from earshot.compute.device import context_lost, free_memory, out_of_memory, resolve
from earshot.registry import analyses
from workers.contract import Analyzer, Result, results
from workers.gate import gated
from workers.hooks import around_job
from workers.modules import module

log = logging.getLogger(__name__)

Reraise = tuple[type[BaseException], ...]


def run(job: Job, device: str, reraise: Reraise = (Transient,)) -> list[Outcome]:
    """Returns one outcome per chunk of the job, in order. A chunk that does not fit into memory,
    alone and with all releasable memory of this process freed, is ``Failed`` with
    ``DEVICE_MEMORY``: another process may free memory, so the caller may retry.

    Args:
        device: ``auto``, ``cpu`` or ``cuda``; analyses of CPU pools always run on the CPU.
        reraise: exceptions of the caller (unavailable dependencies, its time limit) that must not
            be blamed on a chunk.

    Raises:
        Transient, or exceptions in ``reraise``: the caller decides.
        DeviceLost: this process must end; the chunk responsible is not known unless it was alone.
    """
    with around_job(job) as entered:
        outcomes = _run(job, device, reraise)
        entered.outcomes = tuple(outcomes)
        return outcomes


def load(analysis: str, release: Release, device: str) -> Any:
    """The model of a release, read once in this process (``earshot.compute.cache``).

    Raises:
        Exception: any, the module or the checkpoint cannot be loaded.
    """
    is_gpu = analyses()[analysis].pool == "gpu"
    return cache.get(module(analysis).load, release, resolve(device) if is_gpu else "cpu")


def _run(job: Job, device: str, reraise: Reraise) -> list[Outcome]:
    card, clips = analyses()[job.analysis], [Clip(ref) for ref in job.chunks]
    try:
        model = load(job.analysis, job.release, device)
        analyzer = gated(module(job.analysis), job.gate if card.speech_only else None)
    except reraise:
        raise
    # a module or checkpoint that cannot be loaded fails this analysis, not the recording
    except Exception as error:
        _check_device(error, "device_absent")
        log.exception("%s: release %s cannot be loaded", job.analysis, job.release.name)
        return [_failure(error)] * len(clips)
    return run_clips(job.analysis, analyzer, model, clips, reraise)


def run_clips(
    name: str, analyzer: Analyzer, model: object, clips: Sequence[Clip], reraise: Reraise
) -> list[Outcome]:
    """Analyses all clips at once; if that raises, each alone, so that only the clip at fault fails;
    if they do not fit into memory, each half."""
    try:
        return [_outcome(result) for result in results(analyzer, model, clips)]
    except reraise:
        raise
    except Exception as error:  # noqa: BLE001  # logged by _alone, once the clip is known
        _check_device(error, "device_lost")
        failed = _alone(name, clips[0], error) if len(clips) == 1 else None
        size = len(clips) // 2 if out_of_memory(error) else 1
    # After the except block: until then the error's frames hold the arrays that did not fit.
    free_memory()
    if failed is not None:
        return [failed]
    pieces = [clips[start : start + size] for start in range(0, len(clips), size)]
    return [
        outcome for piece in pieces for outcome in run_clips(name, analyzer, model, piece, reraise)
    ]


def _check_device(error: Exception, code: str) -> None:
    """Raises instead of failing chunks in a process where all would fail."""
    if context_lost(error):
        reason = one_line(error)
        raise DeviceLost(
            code, f"the CUDA context of this process is lost ({reason}); start it again"
        ) from error


def _alone(name: str, clip: Clip, error: Exception) -> Failed:
    known = isinstance(error, EarshotError) or out_of_memory(
        error
    )  # then its message is complete in one line
    where = (name, clip.ref.recording_id, clip.ref.index)
    log.error(
        "%s failed on recording %s chunk %d: %s", *where, error, exc_info=None if known else error
    )
    return _failure(error)


def _outcome(result: Result) -> Outcome:
    if isinstance(result, Skipped | Failed):
        return result
    return Succeeded(
        findings=result.model_dump(mode="json"),
        classification=result.classification(),
        alarms=result.alarms(),
        tokens=result.tokens(),
    )


def _failure(error: Exception) -> Failed:
    code = error.code if isinstance(error, EarshotError) else type(error).__name__
    if out_of_memory(error):
        return Failed(
            code=DEVICE_MEMORY,
            detail=f"no memory for it ({one_line(error, 200)}); run fewer processes on this device",
        )
    return Failed(code=code, detail=one_line(error, 500))
