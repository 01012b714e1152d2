"""Checks of the local stack: running processes, and repeated restarts."""

import time
from collections.abc import Iterator

from cli.doctor.finding import Finding, fail, ok, warn
from cli.doctor.stuck import ago
from cli.localstack import plan, processes, stack, troubles, urls
from cli.localstack.troubles import Trouble
from earshot.settings import settings


def parts() -> Iterator[Finding]:
    """Nothing if the settings name other servers."""
    if not urls.are_local():
        return
    running, found = stack.status(settings().home), troubles.read(settings().home)
    supervised = running.pop(plan.SUPERVISOR)
    if not supervised:
        log = processes.log_file(settings().home, plan.SUPERVISOR)
        yield fail(
            "stack",
            f"the supervisor stopped, so what dies is not started again (see {log});"
            " run `earshot up`",
        )
    for name, runs in running.items():
        if name in found:
            yield _troubled(name, found[name], runs)
        elif not runs:
            yield (
                warn("stack", f"{name} is being started again")
                if supervised
                else fail("stack", f"{name} stopped")
            )
    if supervised and all(running.values()) and not found:
        yield ok("stack", f"{', '.join(running)} run, and are started again when they end")


def _troubled(name: str, trouble: Trouble, runs: bool) -> Finding:
    when = f"{ago(time.time() - trouble.at)} ago"
    if runs and trouble.failures == 1:
        return warn(
            "stack",
            f"{name} ended and was started again {when};"
            f" see {processes.log_file(settings().home, name)}",
        )
    line = (
        f"{name} ended {trouble.failures} times in a row, the last time {when};"
        " it is tried again and again"
    )
    return fail("stack", f"{line}, but correct this: {trouble.why}")
