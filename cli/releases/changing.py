"""``earshot release register``, ``promote`` and ``rollback``."""

import getpass
import time
from pathlib import Path

from cli.releases.comparing import compared
from cli.terminal.console import say, show, show_json
from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Release
from earshot.pipeline.releases import active
from earshot.pipeline.releasing import promotion, registering
from earshot.settings import settings
from earshot.storage.postgres.db import once
from earshot.storage.postgres.releases import by_command
from earshot.storage.releases import registered
from earshot.storage.releases.registered import Made, Registered
from evaluation.gate.verdict import Refusal, Verdict
from evaluation.releases import load_all


def register_folder(folder: Path, name: str | None, why: str | None, *, as_json: bool) -> Release:
    """Registers a trained model.

    Raises:
        Misconfigured: the folder is not that of a finished training, a file was changed, or the
            checkpoint cannot be opened.
        Permanent: its analysis has another release of that name.
    """
    trained = registering.read(folder)
    config = settings()
    release = registering.keep(
        folder, trained, name or registering.default_name(trained), config.models_folder
    )
    load_all({release.analysis: release}, config.device)
    place = Path(release.uri).parent
    made = Made(
        features=trained.features,
        metrics=trained.metrics,
        data_sha256=trained.data_sha256,
        holdout=str(place / trained.holdout) if trained.holdout else None,
        holdout_sha256=trained.holdout_sha256,
        licence=trained.licence,
        base=trained.base,
        extended=registering.extended(trained),
        size_bytes=Path(release.uri).stat().st_size,
        trained_at=registering.trained_at(folder),
    )
    with once() as connection:
        change = by_command(why or f"registered from {folder}")
        fresh = registered.register(connection, release, made, change)
    if as_json:
        show_json({"release": release.name, "analysis": release.analysis, "new": fresh})
        return release
    show(
        f"{release.name}: {'a candidate' if fresh else 'registered before'} for {release.analysis}"
    )
    return release


def promote_named(
    name: str, analysis: str | None, why: str | None, *, force: bool, as_json: bool
) -> int:
    """Compares and promotes; 1 if the gate refuses.

    Raises:
        Permanent: no such release.
        Misconfigured: its file was changed, or ``--force`` without a reason.
    """
    if force and not (why and why.strip()):
        raise Misconfigured("why", "--force needs --why: the reason is recorded")
    config = settings()
    with once() as connection:
        candidate = registered.find(connection, name, analysis)
        now = active(connection)[candidate.release.analysis]
        known = registered.listed(connection, now.analysis)
    if candidate.release == now:
        if as_json:
            show_json({"promoted": True, "forced": False, "candidate": name, "active": name})
        else:
            show(f"{name} answers already")
        return 0
    promotion.check(candidate, config)
    verdict = compared(candidate, now, known, config)
    done = verdict.passed or force
    with once() as connection:
        if verdict.latency_ms is not None:
            registered.measured(connection, candidate.release, verdict.latency_ms)
        if done:
            change = by_command(
                why or "better by the gate",
                metrics=verdict.model_dump(mode="json"),
                forced=not verdict.passed,
            )
            promotion.promote(connection, candidate, change, config, instead_of=now.name)
    if as_json:
        show_json({"promoted": done, "forced": done and not verdict.passed, **_facts(verdict)})
    else:
        _tell(candidate, verdict, done=done)
    return 0 if done else 1


def roll_back(analysis: str | None, why: str | None, *, as_json: bool) -> None:
    """Restores the release before.

    Raises:
        Permanent: there is none.
    """
    began = time.perf_counter()
    with once() as connection:
        by = f"{getpass.getuser()} (command line)"
        done = promotion.rollback(connection, analysis, why or "rollback", by, settings())
    seconds = time.perf_counter() - began
    for reason in done.skipped:
        say(f"passed over: {reason}")
    if as_json:
        show_json(
            {
                "analysis": done.analysis,
                "from": done.before,
                "to": done.now.name,
                "skipped": list(done.skipped),
                "seconds": round(seconds, 3),
            }
        )
        return
    show(
        f"{done.analysis} is answered by {done.now.name} again, from the next batch on; it was"
        f" {done.before} ({seconds:.2f} s)"
    )


def _facts(verdict: Verdict) -> dict[str, object]:
    return verdict.model_dump(mode="json")


def _tell(candidate: Registered, verdict: Verdict, *, done: bool) -> None:
    if verdict.difference is not None:
        say(
            f"{verdict.measure} {verdict.candidate_value:.3f}, {verdict.active}"
            f" {verdict.active_value:.3f}: {verdict.difference:+.3f} ({verdict.low:+.3f} to"
            f" {verdict.high:+.3f}) over {verdict.recordings} recordings of {verdict.groups}"
            f" groups; {verdict.learnt} left out"
        )
    for each in verdict.refused:
        say(_line(each))
    if done:
        how = "" if verdict.passed else ", by force"
        show(f"{candidate.release.name} answers from the next recording on{how}")
    else:
        show(f"{candidate.release.name} is refused: {', '.join(_codes(verdict))}")


def _codes(verdict: Verdict) -> list[str]:
    return list(dict.fromkeys(each.code for each in verdict.refused))


def _line(refusal: Refusal) -> str:
    clip = f"; listen to {refusal.clip}" if refusal.clip else ""
    return f"{refusal.code}: {refusal.detail}{clip}"
