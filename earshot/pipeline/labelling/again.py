"""Asks for a training where enough corrections came since the last one."""

import logging
import shutil
from datetime import UTC, datetime
from uuid import uuid5

from redis import Redis

from earshot.analysis.corrections.taught import KINDS
from earshot.analysis.errors import Permanent
from earshot.analysis.events import NAMESPACE
from earshot.pipeline.labelling.export import export
from earshot.settings import Settings
from earshot.storage.labels import data
from earshot.storage.postgres.db import Connection
from earshot.storage.redis.client import lost_connections

log = logging.getLogger(__name__)

FOLDER = "labels"
"""Of the data, below that of the pulled models: any worker can train on it there."""
BY = "upkeep"
CHECKED, EVERY_SEC = "labels_checked", 3_600
"""Writing the data takes long, and corrections that cannot be used stay new."""


def ask(connection: Connection, client: Redis, config: Settings) -> int:
    """Writes the data of models with enough new corrections, and asks for a training on each
    revision that had none; their number. At most once an hour for a model."""
    asked = 0
    for model, least in config.retrain_after.items():
        if data.fresh(connection, model, KINDS[model]) < least or not _due(client, model):
            continue
        at = datetime.now(UTC)
        folder = config.models_folder / FOLDER / model / f"{at:%Y%m%dT%H%M%S.%f}"
        try:
            made = export(connection, model, folder, BY, config)
        except BaseException as error:  # also the end of its time, and a store that does not answer
            shutil.rmtree(folder, ignore_errors=True)
            if not isinstance(error, Permanent):
                raise
            log.warning("%s is not trained on corrections: %s", model, error)
            continue
        run_id = uuid5(NAMESPACE, f"retrain {model} {made.sha256}")
        if data.ask(connection, model, made.revision, run_id, at):
            asked += 1
        else:
            shutil.rmtree(folder)
    return asked


@lost_connections()
def _due(client: Redis, model: str) -> bool:
    """Whether its data was not written within the hour; marks it as written."""
    return bool(client.set(f"{CHECKED}:{model}", 1, nx=True, ex=EVERY_SEC))
