"""``earshot train status`` and ``cancel``: trainings in the background."""

import getpass
from uuid import UUID

from cli.terminal.console import say, show, show_json
from earshot.analysis.errors import Misconfigured, Permanent
from earshot.analysis.printable import on_one_line
from earshot.storage.postgres.db import once
from earshot.storage.releases import runs
from earshot.storage.releases.runs import Run
from tasks import retraining


def show_runs(run: str | None, *, as_json: bool) -> None:
    """Prints one run, or the latest ones and how many wait for a worker.

    Raises:
        Permanent: ``no_such_run``.
    """
    with once() as connection:
        found = runs.listed(connection, run_id=None if run is None else _id(run))
    if run is not None and not found:
        raise Permanent(
            "no_such_run", f"no worker has begun a run {run}; `earshot worker retrain` starts one"
        )
    for each in found:
        if as_json:
            show_json(each.model_dump(mode="json"))
        else:
            show(_line(each))
    waiting = retraining.waiting()
    if waiting and run is None:
        say(f"{waiting} wait for a worker; `earshot worker retrain` starts one")


def cancel(run: str) -> int:
    """Asks a run to end; 1 if it has ended already."""
    with once() as connection:
        done = runs.cancel(connection, _id(run), getpass.getuser())
    if done:
        show(f"{run}: its worker saves the state and ends it")
    else:
        say(f"{run} is not being trained; `earshot train status` shows what is")
    return 0 if done else 1


def _id(run: str) -> UUID:
    try:
        return UUID(run)
    except ValueError as error:
        raise Misconfigured("run", f"{run} is no id of a run") from error


def _line(run: Run) -> str:
    how: str = run.state
    if run.lost:
        how = f"{run.state}, its worker is lost; upkeep gives it to another one"
    elif run.cancel_by and run.finished_at is None:
        how = f"{run.state}, canceled by {run.cancel_by}"
    elif run.state == "failed":
        how = f"failed, {run.error_code}: {run.error_detail}"
    elif run.state == "refused":
        refused = (run.verdict or {}).get("refused", [])
        how = "; ".join(("refused", *(f"{each['code']}: {each['detail']}" for each in refused)))
    release = f"  {run.release}" if run.release else ""
    message = run.progress.get("message", "") if run.finished_at is None else ""
    return on_one_line(
        f"{run.id}  {run.model}  {run.started_at:%Y-%m-%d %H:%M}{release}  {how}  {message}"
    )
