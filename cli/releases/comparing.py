"""Prepares a comparison of a candidate with the release that answers: its holdout, and what either
has learnt of it."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Release
from earshot.audio.plan import PlanLimits
from earshot.models.checkpoints.location import sha256
from earshot.pipeline.labelling import clips
from earshot.pipeline.releases import gate_release
from earshot.pipeline.releasing import registering
from earshot.settings import Settings
from earshot.storage.releases.registered import Registered
from evaluation import label_map, manifest
from evaluation.gate import bars, judged, unseen
from evaluation.gate.judged import Contest, Held
from evaluation.gate.verdict import Code, Refusal, Verdict
from evaluation.manifest import Row
from evaluation.releases import load_all, trained_on, trained_on_file
from workers.direct import Analyser


def compared(
    candidate: Registered, active: Release, known: Sequence[Registered], config: Settings
) -> Verdict:
    """The verdict on a candidate.

    Args:
        known: the registered releases of the analysis.

    Raises:
        Misconfigured: a release cannot be loaded, or the bars have a mistake.
    """
    analysis = candidate.release.analysis
    if analysis not in judged.COMPARED:
        detail = f"no comparison is defined for {analysis}; --force promotes, with --why"
        return _refused(candidate, active, "not_comparable", detail)
    try:
        rows, digest = held_out(candidate)
    except Misconfigured as error:
        code: Code = "holdout_changed" if error.code == "altered" else "no_holdout"
        return _refused(candidate, active, code, str(error))
    folder = Path(candidate.release.uri).parent
    with tempfile.TemporaryDirectory(prefix="earshot-gate-") as store:
        held = Held(
            rows=rows,
            root=folder,
            mapping=label_map.read(analysis),
            learnt=_learnt(rows, folder, active, known) | by_base(rows, folder, candidate, known),
            sha256=digest,
            background=config.models_folder / registering.KEPT / ".background",
        )
        contest = Contest(
            candidate=candidate.release,
            active=active,
            analyser_of=lambda release: _analyser(release, store, config),
            size_bytes=candidate.size_bytes,
            extended=candidate.extended,
        )
        return judged.judge(contest, held, bars.read(analysis, config.release_bars))


def held_out(row: Registered) -> tuple[tuple[Row, ...], str]:
    """The rows of a release's holdout, without clips that were deleted with their recording, and
    the digest of its file.

    Raises:
        Misconfigured: there is none, or it is not the one that the row means.
    """
    if row.holdout is None or row.holdout_sha256 is None:
        raise Misconfigured("holdout", f"{row.release.name} was registered without a holdout")
    path = Path(row.holdout)
    if path.is_file() and sha256(path) != row.holdout_sha256:
        raise Misconfigured(
            "altered",
            f"{path} is not the holdout that {row.release.name} was registered with: figures on it"
            " cannot be compared",
        )
    rows = manifest.read(path)
    left = [each for each in rows if not _is_deleted(path.parent / each.path)]
    return tuple(left), row.holdout_sha256


def _is_deleted(path: Path) -> bool:
    return clips.is_clip(path) and not path.exists()


def by_base(
    rows: tuple[Row, ...], folder: Path, candidate: Registered, known: Sequence[Registered]
) -> set[str]:
    """What the candidate's own base learnt: its training began from there. Without the base's head
    there is nothing that it learnt of recordings with labels."""
    if candidate.base is None or candidate.base.get("part") == "trunk":
        return set()
    sha = candidate.base["sha256"]
    for row in known:
        if row.release.sha256 == sha:
            return _learnt(rows, folder, row.release, known)
    return unseen.of_sets(rows, trained_on_file(sha))


def _learnt(
    rows: tuple[Row, ...], folder: Path, active: Release, known: Sequence[Registered]
) -> set[str]:
    former = next((row for row in known if row.release.name == active.name), None)
    if former is None or former.data_sha256 is None:
        return unseen.of_sets(rows, trained_on(active))
    try:
        own, _ = held_out(former)
    except Misconfigured:
        own = ()
    return unseen.of_release(rows, folder, Path(active.uri).parent, own)


def _analyser(release: Release, store: str, config: Settings) -> Analyser:
    """As of ``earshot evaluate``; loaded, so that loading is not measured."""
    load_all({release.analysis: release}, config.device)
    limits = PlanLimits.of_seconds(
        config.chunk_duration_sec, config.chunk_max_sec, config.overlap_sec
    )
    answering = {release.analysis: release}
    return Analyser(
        f"file://{store}/audio", answering, limits, config.device, config.language, gate_release()
    )


def _refused(candidate: Registered, active: Release, code: Code, detail: str) -> Verdict:
    return Verdict(
        analysis=candidate.release.analysis,
        candidate=candidate.release.name,
        active=active.name,
        holdout_sha256=candidate.holdout_sha256,
        size_bytes=candidate.size_bytes,
        refused=(Refusal(code=code, detail=detail),),
    )
