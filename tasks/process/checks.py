"""Boot checks of a worker: what would fail all its tasks, or all of a language."""

import logging
from collections.abc import Collection

from earshot.analysis.errors import Misconfigured
from earshot.analysis.report.registered import check_sections
from earshot.compute.device import resolve
from earshot.pipeline.releases import serving
from earshot.pipeline.topics import glossaries
from earshot.pools import STAGES
from earshot.pools import queues as every_queue
from earshot.registry import analyses, cards
from earshot.settings import settings
from workers.checkpoints_present import check_present
from workers.modules import module

log = logging.getLogger(__name__)


def check(queues: Collection[str]) -> None:
    """Checks the set-up of a worker for these queues. Touches CUDA where settings demand it.

    Raises:
        Misconfigured: no such queue, no Redis or database, a module or section of the registry that
            cannot be imported, a checkpoint that is missing or altered
            (the release's own, a route's, or that of the network below a head), a glossary with
            mistakes, no such device.
        Forbidden: a checkpoint whose licence does not allow this use.
    """
    config = settings()
    if not config.redis_url:
        raise Misconfigured(
            "redis_url", "no Redis to work for: run `earshot up`, or set EARSHOT_REDIS_URL"
        )
    unknown = sorted(set(queues) - set(every_queue()))
    if unknown:
        raise Misconfigured(
            "queue", f"no queue {', '.join(unknown)}; queues are {', '.join(every_queue())}"
        )
    urgent = {card.name for card in cards() if card.urgent}  # these publish emergencies themselves
    stages = [name for name in queues if name in STAGES or name in urgent]
    if stages and not config.database_url:
        raise Misconfigured(
            "database_url", f"{', '.join(stages)} needs the database: set EARSHOT_DATABASE_URL"
        )
    if set(stages) - {"ingest"}:
        check_sections()
        for name in config.glossaries:  # a stage names the version to match
            glossaries.checked(name)
    analysed = [name for name in analyses() if name in queues]
    for name in analysed:
        module(name)
    for name, release in serving(log.warning).items() if analysed else ():
        if name in analysed:
            check_present(release, config)
    # `auto` takes what there is.
    if config.device == "cuda" and any(analyses()[name].pool == "gpu" for name in analysed):
        resolve("cuda")
