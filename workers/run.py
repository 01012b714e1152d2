"""Runs one job: loads the model it names, analyses its chunks, and turns whatever goes wrong into outcomes."""

import logging
from collections.abc import Sequence

from analysis.errors import EarshotError, Transient
from analysis.findings import Findings
from analysis.outcome import Failed, Outcome, Skipped, Succeeded
from analysis.types import Job
from audio.clip import Clip
from models import cache
from models.device import resolve
from workers.contract import Analysis
from workers.registry import analyses

log = logging.getLogger(__name__)

Reraise = tuple[type[BaseException], ...]


def run(job: Job, device: str, reraise: Reraise = (Transient,)) -> list[Outcome]:
    """One outcome per chunk of the job, in order.

    Args:
        device: ``auto``, ``cpu`` or ``cuda``; analyses of CPU pools always run on the CPU.
        reraise: exceptions that belong to the caller (failing surroundings, its time limit) and must not be blamed on a chunk.

    Raises:
        Transient, or whatever ``reraise`` names: the caller decides.
    """
    analysis = analyses()[job.analysis]
    clips = [Clip(ref) for ref in job.chunks]
    try:
        model = cache.get(analysis.load, job.release, resolve(device) if analysis.CARD.pool == "gpu" else "cpu")
    except reraise:
        raise
    except Exception as error:  # a checkpoint that cannot be loaded fails this analysis, not the recording
        log.exception("%s: release %s cannot be loaded", job.analysis, job.release.name)
        return [_failure(error)] * len(clips)
    return _analyze(analysis, model, clips, reraise)


def _analyze(analysis: Analysis, model: object, clips: Sequence[Clip], reraise: Reraise) -> list[Outcome]:
    """Tries all clips at once, and when that raises, each alone: only the clip at fault fails."""
    try:
        results = analysis.analyze(model, clips)
        if len(results) != len(clips):
            raise RuntimeError(f"{analysis.CARD.name}.analyze() gave {len(results)} results for {len(clips)} clips")
        return [_outcome(result) for result in results]
    except reraise:
        raise
    except Exception as error:
        if len(clips) > 1:
            return [outcome for clip in clips for outcome in _analyze(analysis, model, [clip], reraise)]
        ref = clips[0].ref
        expected = isinstance(error, EarshotError)  # then its message says everything: one line
        where = (analysis.CARD.name, ref.recording_id, ref.index)
        log.error("%s failed on recording %s chunk %d: %s", *where, error, exc_info=None if expected else error)
        return [_failure(error)]


def _outcome(result: Findings | Skipped) -> Outcome:
    if isinstance(result, Skipped):
        return result
    return Succeeded(findings=result.model_dump(mode="json"), classification=result.classification())


def _failure(error: Exception) -> Failed:
    code = error.code if isinstance(error, EarshotError) else type(error).__name__
    # Postgres cannot store NUL in text: one in a library's message must not keep the chunk from being merged.
    lines = str(error).replace("\x00", "").splitlines()
    return Failed(code=code, detail=lines[0][:500] if lines else code)
