"""``earshot doctor``: everything that has to be right, one line each, with what to do about what is not."""

from collections.abc import Callable, Iterator

from rich.table import Table
from rich.text import Text

from analysis.errors import EarshotError
from analysis.urls import masked
from earshot.console import say, show
from earshot.doctor import installation, kept, local, services, work
from earshot.doctor.finding import Finding, fail
from settings import settings

CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    installation.python,
    installation.packages,
    installation.checkpoints,
    local.parts,
    services.redis,
    services.postgres,
    services.queues,
    work.workers,
    work.upkeep,
    work.dead,
    kept.kept,
    services.refused,
    services.store,
    services.roots,
    services.disk,
)

STYLES = {"ok": "green", "warn": "yellow", "fail": "red bold"}
SERVICES_DOWN = 3
"""Exit status when Redis or Postgres does not answer; anything else that failed: 1."""
SERVICES = ("redis", "postgres")


def examine() -> int:
    """Prints all findings. Returns the exit status: 0 when nothing failed."""
    settings()  # a wrong one is told before anything is checked by it
    findings = [finding for check in CHECKS for finding in _found(check)]
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for each in findings:
        table.add_row(Text(each.level, style=STYLES[each.level]), each.subject, Text(each.line))
    show(table)
    failed = [each for each in findings if each.level == "fail"]
    warned = sum(each.level == "warn" for each in findings)
    if failed:
        say(f"{len(failed)} of {len(findings)} checks failed; each line says what to do")
        return SERVICES_DOWN if any(each.subject in SERVICES for each in failed) else 1
    say(f"nothing failed; {warned} of {len(findings)} lines want a look" if warned else "all is well")
    return 0


def _found(check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """A check that cannot be carried out is a failed one, and does not keep the others from being made."""
    try:
        yield from check()
    except EarshotError as error:
        yield fail(check.__name__, masked(str(error)))
    except Exception as error:  # noqa: BLE001  # whatever it is, it is what this check found
        yield fail(check.__name__, masked(f"{type(error).__name__}: {error}"))
