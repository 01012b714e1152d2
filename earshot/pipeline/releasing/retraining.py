"""Trains a model in the background: a child process trains, another registers and compares; the
row of the run says how far it is."""

import json
import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal
from uuid import UUID, uuid4

from earshot.analysis.errors import Misconfigured, Permanent, Unavailable
from earshot.pipeline.releasing.child import Child, Ended
from earshot.settings import settings
from earshot.settings.labels import check_option
from earshot.storage.postgres import db, releases
from earshot.storage.releases import runs
from earshot.storage.releases.runs import Asked, End, Run, Working

log = logging.getLogger(__name__)

MODELS = ("emotion", "noise", "scene", "sentiment", "voices")
FOLDER = "training"
"""Folder of the runs, below that of the pulled models: any worker can resume them there."""
MOST_ATTEMPTS = 20
"""Workers that a run may lose."""
INTERRUPTED = (130, 143, -signal.SIGINT, -signal.SIGTERM)
"""Exit codes of a child that was asked to end by others than its worker."""

Report = Callable[[Mapping[str, Any]], None]
Scalar = str | int | float | bool


class Elsewhere(Exception):
    """Another worker holds the run, or it is finished: nothing is to do."""


def asked(run_id: UUID, model: str, data: str, options: Mapping[str, Any]) -> Asked:
    """A checked request.

    Raises:
        Misconfigured: ``options``, one is unknown to `earshot train` by its form.
    """
    path = Path(data).absolute()
    for name, value in options.items():
        try:
            check_option(name)
        except ValueError as error:
            raise Misconfigured("options", str(error)) from None
        if not isinstance(value, Scalar):
            raise Misconfigured("options", f"{name}: its value is neither text nor a number")
    folder = settings().models_folder / FOLDER / str(run_id)
    return Asked(id=run_id, model=model, data=str(path), folder=str(folder), options=dict(options))


def retrain(request: Asked, report: Report) -> dict[str, Any]:
    """Trains, registers, compares, and promotes what is better. Continues a run whose worker was
    lost.

    Args:
        report: is given the progress as it is stored.

    Returns:
        How it ended: ``run``, ``state``, ``release``, and the verdict of the gate.

    Raises:
        Misconfigured: ``data``, a new run's path does not exist on this machine.
        Permanent: the model is being trained already, or the training failed.
        Elsewhere: another worker holds it, or it is finished.
        Unavailable: Postgres does not answer; the same call continues.
    """
    held = _Held(request, report)
    away = None
    if not Path(request.data).exists():
        away = f"{request.data} does not exist on {socket.gethostname()}"
    with db.pooled() as connection:
        if away and not runs.listed(connection, run_id=request.id):
            raise Misconfigured("data", away)
        mine = runs.begin(connection, request, held.worker, settings().train_lease_sec)
        [row] = runs.listed(connection, run_id=request.id)
    if row.finished_at is not None:  # its worker ended before it gave the result
        return result_of(row)
    if not mine:
        raise Elsewhere
    if away:  # it was there when the run began: the run must not hold its model for ever
        return held.end(End(state="failed", code="data", detail=away))
    return held.end(_done(held, request, row.attempts))


def _done(held: "_Held", request: Asked, attempts: int) -> End:
    """Trains and judges; how it ended."""
    if attempts > MOST_ATTEMPTS:
        return End(state="failed", code="worker_lost", detail="its workers were lost")
    ended = held.child("training", _train(request))
    if ended.stopped:
        return End(state="canceled")
    if ended.code in INTERRUPTED:  # together with this worker: another one continues
        raise Elsewhere
    if ended.code != 0:
        return End(state="failed", code="training", detail=ended.reason)
    return _judged(held, request)


def _judged(held: "_Held", request: Asked) -> End:
    words = ["release", "register", request.folder, "--promote", "--json"]
    ended = held.child("judging", [*words, "--why", f"training run {request.id}"])
    found = _answer(ended)
    name = found.get("candidate") or found.get("release")
    if "promoted" in found:
        state: Literal["promoted", "refused"] = "promoted" if found["promoted"] else "refused"
        return End(state=state, release=name, verdict=found)
    if name and _answers(name):  # it ended between its promotion and its answer
        return End(state="promoted", release=name)
    if ended.stopped:
        return End(state="canceled", release=name)
    if ended.code in INTERRUPTED:
        raise Elsewhere
    return End(
        state="failed", release=name, code="gate" if name else "register", detail=ended.reason
    )


def _answers(name: str) -> bool:
    with db.pooled() as connection:
        found = releases.active(connection)
    return any(release.name == name for release in found.values())


def lost(connection: db.Connection) -> list[Run]:
    """Open runs whose worker has not renewed its lease."""
    return [run for run in runs.listed(connection, open_only=True) if run.lost]


def result_of(run: Run) -> dict[str, Any]:
    """What the task of a finished run returns.

    Raises:
        Permanent: the run failed.
    """
    if run.state == "failed":
        raise Permanent(run.error_code or "failed", run.error_detail or "it failed")
    return {
        "run": str(run.id),
        "state": run.state,
        "release": run.release,
        "verdict": run.verdict,
    }


class _Held:
    """A run that this process holds."""

    def __init__(self, request: Asked, report: Report) -> None:
        self.request, self.report = request, report
        self.worker = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"

    def child(self, state: Working, words: list[str]) -> Ended:
        """Runs a command of ours, and renews the lease meanwhile."""
        lease_sec = settings().train_lease_sec
        renewed = time.monotonic()

        def beat(progress: Mapping[str, Any]) -> bool:
            nonlocal renewed
            try:
                with db.pooled() as connection:
                    found = runs.renew(
                        connection, self.request.id, self.worker, lease_sec, state, progress
                    )
            except Unavailable as error:
                log.warning("run %s: its lease is not renewed: %s", self.request.id, error)
                if time.monotonic() - renewed > lease_sec:  # another worker may have it by now
                    raise Elsewhere from error
                return True
            if found == "lost":
                raise Elsewhere
            renewed = time.monotonic()
            self.report({"state": state, **progress})
            return found == "held"

        log_file = Path(self.request.folder) / "log.txt"
        return Child(words, log_file, beat, every=lease_sec / 6).run()

    def end(self, end: End) -> dict[str, Any]:
        with db.pooled() as connection:
            if not runs.finish(connection, self.request.id, self.worker, end):
                raise Elsewhere
            [row] = runs.listed(connection, run_id=self.request.id)
        return result_of(row)


def _train(request: Asked) -> list[str]:
    words = ["train", request.model, request.data, "--out", request.folder]
    for name, value in request.options.items():
        flag = f"--{name.replace('_', '-')}"
        if value is not False:
            words += [flag] if value is True else [flag, str(value)]
    return words


def _answer(ended: Ended) -> dict[str, Any]:
    """The JSON object that the command printed last; empty without one."""
    try:
        found = json.loads(ended.last)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
