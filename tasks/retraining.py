"""Training in the background: an application of its own on queue ``retrain``, in a Redis database
of its own, since one task takes hours. ``earshot worker retrain`` serves it.

Messages only start or continue runs; their rows are the truth (ADR 60). Results go where those of
all tasks are, so any client may wait for them.
"""

from typing import Any, cast
from uuid import UUID

from celery.exceptions import Ignore

import celeryconfig
from earshot.analysis.errors import Misconfigured
from earshot.pipeline.labelling import again
from earshot.pipeline.releasing import retraining
from earshot.pools import RETRAIN, TRAIN_NOISE
from earshot.settings import settings
from earshot.settings.labels import Taught
from earshot.storage.labels import data
from earshot.storage.labels.data import Unsent
from earshot.storage.postgres import db
from earshot.storage.redis import client as redis
from earshot.storage.redis_url import celery_url
from tasks import apart, publisher
from tasks.app import Stage

LONGEST_SEC = 7 * 86_400
"""After which a message that no worker has finished is delivered again."""

app = apart.application(
    "earshot.retraining",
    RETRAIN,
    broker_url=celery_url(settings().retrain_redis_url) or celeryconfig.broker_url,
    broker_transport_options={
        **celeryconfig.broker_transport_options,
        "visibility_timeout": LONGEST_SEC,
    },
)


def _retrain(self: Stage, model: str, data: str, options: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(data, str):
        raise Misconfigured("data", "name the folder of the recordings")

    def report(progress: Any) -> None:
        self.update_state(state="PROGRESS", meta=dict(progress))

    run_id = UUID(self.request.id)
    try:
        return retraining.retrain(retraining.asked(run_id, model, data, options), report)
    except retraining.Elsewhere:
        raise Ignore from None  # the worker that holds the run gives the result


def _named(name: str, model: str) -> Any:
    def task(self: Stage, data: str, **options: Any) -> dict[str, Any]:
        return _retrain(self, model, data, options)

    task.__doc__ = (
        f"Trains {model} on the recordings at a path, compares it with the release that answers,"
        " and promotes it if it is better. Options are those of `earshot train`."
    )
    return app.task(task, bind=True, name=name)


for _model in retraining.MODELS:
    _named(f"retrain.{_model}", _model)
train_noise_classifier = _named(TRAIN_NOISE, "noise")


def forward(run_id: str, name: str, data: str, options: dict[str, Any]) -> None:
    """Sends a training to its queue under the id of the task that asked for it."""
    with publisher.refusals():
        app.send_task(name, [data], options, task_id=run_id)


def resume() -> int:
    """Sends runs whose workers are lost again, unless messages wait already; their number."""
    with db.pooled() as connection:
        lost = retraining.lost(connection)
    if not lost or redis.client(settings().retrain_redis_url).llen(RETRAIN):
        return 0
    for run in lost:
        forward(str(run.id), f"retrain.{run.model}", run.data, run.options)
    return len(lost)


def on_labels() -> list[Unsent]:
    """Asks for trainings where enough corrections came, and sends those that no worker has begun,
    unless messages wait already; what was sent."""
    client = redis.client(settings().retrain_redis_url)
    with db.pooled() as connection:
        again.ask(connection, redis.client(), settings())
        found = [] if client.llen(RETRAIN) else data.unsent(connection)
    for each in found:
        options = settings().retrain_options.get(cast(Taught, each.model), {})
        forward(str(each.run_id), f"retrain.{each.model}", each.folder, options)
    return found


def waiting() -> int:
    """Number of trainings that no worker has taken."""
    return int(redis.client(settings().retrain_redis_url).llen(RETRAIN))
