"""``earshot models use``: makes a release active, after loading it as a test."""

from cli.models.choice import named
from cli.terminal.console import show
from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Release
from earshot.models.checkpoints import catalog
from earshot.models.checkpoints.defaults import default_release
from earshot.models.runtimes import ENDPOINT
from earshot.pipeline.releases import active
from earshot.pipeline.releasing.promotion import of_catalog
from earshot.registry import analyses
from earshot.settings import settings
from earshot.storage.postgres import releases
from earshot.storage.postgres.db import connect
from evaluation.releases import load_all


def use_model(name: str, why: str) -> None:
    """Lets the named checkpoint answer for its analysis.

    Args:
        why: the reason, for ``earshot release log``.

    Raises:
        Misconfigured: no such name, no analysis or runtime for it, it is not here or altered, or
            there is no database.
        Forbidden: its licence does not allow what this installation is for.
    """
    config = settings()
    (entry,) = named(catalog.known(config.models_catalog), [name])
    if entry.analysis not in analyses():
        raise Misconfigured(
            "models", f"{name} is for {entry.analysis}, which is no analysis of this version"
        )
    release, default = of_catalog(entry, config), default_release(entry.analysis)
    change = releases.by_command(why)
    with connect() as connection:
        load_all({entry.analysis: release}, config.device)
        if release == default:
            releases.deactivate(connection, default, change)
        else:
            releases.activate(connection, release, change, default)
        now = active(connection)[entry.analysis]
    show(_message(entry.analysis, name, now))


def _message(analysis: str, name: str, now: Release) -> str:
    if now.runtime == ENDPOINT:
        return (
            f"{analysis} stays with {now.name} while EARSHOT_ASR_BACKEND is endpoint;"
            f" {name} answers once it is local"
        )
    return (
        f"{analysis} is answered by {name} from the next recording on;"
        " `earshot rerun --stale` does finished ones again"
    )
