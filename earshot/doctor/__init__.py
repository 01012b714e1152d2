"""``earshot doctor``: everything that has to be right, one line each, with what to do about what is not."""

from collections.abc import Callable, Iterator

from rich.table import Table
from rich.text import Text

from analysis.errors import EarshotError
from earshot.console import say, show
from earshot.doctor import installation, kept, services, work
from earshot.doctor.finding import Finding, fail
from settings import settings

CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    installation.python,
    installation.packages,
    installation.checkpoints,
    services.redis,
    services.postgres,
    services.queues,
    work.workers,
    work.dead,
    kept.kept,
    services.refused,
    services.store,
    services.roots,
    services.disk,
)

STYLES = {"ok": "green", "warn": "yellow", "fail": "red bold"}
SERVICES_DOWN = 3


def examine() -> int:
    """Prints all findings. Returns 0 when nothing failed."""
    settings()  # a wrong one is told before anything is checked by it
    findings = [finding for check in CHECKS for finding in _found(check)]
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for each in findings:
        table.add_row(Text(each.level, style=STYLES[each.level]), each.subject, Text(each.line))
    show(table)
    failed = sum(each.level == "fail" for each in findings)
    say("all is well" if not failed else f"{failed} of {len(findings)} checks failed; each line says what to do")
    return SERVICES_DOWN if failed else 0


def _found(check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """A check that cannot be carried out is a failed one, and does not keep the others from being made."""
    try:
        yield from check()
    except EarshotError as error:
        yield fail(check.__name__, str(error))
    except Exception as error:  # noqa: BLE001  # whatever it is, it is what this check found
        yield fail(check.__name__, f"{type(error).__name__}: {error}")
