"""``earshot models use``: makes a release active, after loading it as a test."""

from cli.models.choice import named
from cli.terminal.console import show
from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Release
from earshot.models.checkpoints import catalog
from earshot.models.checkpoints.catalog import Checkpoint
from earshot.models.checkpoints.defaults import default_release
from earshot.models.checkpoints.location import digest
from earshot.models.runtimes import ENDPOINT
from earshot.pipeline.releases import active
from earshot.registry import analyses
from earshot.settings import settings
from earshot.storage.postgres import releases
from earshot.storage.postgres.db import connect
from evaluation.releases import load_all


def use_model(name: str) -> None:
    """Lets the named checkpoint answer for its analysis.

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
    release = _release(entry)
    with connect() as connection:
        load_all({entry.analysis: release}, config.device)
        if release == default_release(entry.analysis):
            releases.deactivate(connection, entry.analysis)
        else:
            releases.activate(connection, release)
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


def _release(entry: Checkpoint) -> Release:
    """The release with the digest found by the pull, if the catalog has none: workers elsewhere
    must then match it."""
    release = entry.release()
    if release.sha256 or not entry.fetched:
        return release
    config = settings()
    parts = catalog.parts(entry, catalog.known(config.models_catalog))
    return release.model_copy(update={"sha256": digest(parts, config.models_folder)})
