"""``earshot doctor``: checks the installation and services, one line each, with a remedy for each
problem."""

from collections.abc import Callable, Collection, Iterator

from rich.table import Table
from rich.text import Text

from cli.doctor import glossaries, installation, kept, local, services, work
from cli.doctor.finding import Finding, fail
from cli.terminal.console import say, show
from earshot.analysis.errors import EarshotError
from earshot.analysis.urls import masked
from earshot.settings import settings

REDIS, POSTGRES = "redis", "postgres"
CHECKS: tuple[tuple[Callable[[], Iterator[Finding]], tuple[str, ...]], ...] = (
    (installation.python, ()),
    (installation.packages, ()),
    (installation.checkpoints, ()),
    (glossaries.glossaries, ()),
    (local.parts, ()),
    (services.redis, ()),
    (services.postgres, ()),
    (services.queues, (REDIS,)),
    (work.workers, (REDIS,)),
    (work.upkeep, (REDIS,)),
    (work.dead, (POSTGRES,)),
    (kept.kept, (REDIS, POSTGRES)),
    (services.refused, (REDIS,)),
    (services.store, ()),
    (services.roots, ()),
    (services.disk, ()),
)
"""Each with the services that it needs; it is skipped without them."""

STYLES = {"ok": "green", "warn": "yellow", "fail": "red bold"}
SERVICES_DOWN = 3
"""Exit status if Redis or Postgres does not answer; 1 for any other failure."""


def examine() -> int:
    """Prints all findings. Returns the exit status: 0 when nothing failed."""
    settings()  # a wrong setting is reported before any check uses it
    findings: list[Finding] = []
    for check, needed in CHECKS:
        if not _down(findings, needed):
            findings += _found(check)
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
        say(f"{len(failed)} of {len(findings)} checks failed; each line gives a remedy")
        return SERVICES_DOWN if _down(findings, (REDIS, POSTGRES)) else 1
    say(
        f"nothing failed; {warned} of {len(findings)} lines want a look"
        if warned
        else "all is well"
    )
    return 0


def _down(findings: Collection[Finding], services: Collection[str]) -> bool:
    return any(each.level == "fail" and each.subject in services for each in findings)


def _found(check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """Yields the findings of a check; a check that raises counts as failed, and the others
    continue."""
    try:
        yield from check()
    except EarshotError as error:
        yield fail(check.__name__, masked(str(error)))
    except Exception as error:  # noqa: BLE001  # any error is the finding of this check
        yield fail(check.__name__, masked(f"{type(error).__name__}: {error}"))
