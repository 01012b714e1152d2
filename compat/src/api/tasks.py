"""Deprecated: training in the background (004-33). `celery -A src.api.tasks worker -Q
train_noise_classifier` serves it, on a machine that has the train extra."""

from pathlib import Path

from celery import Celery
from kombu import Queue

import celeryconfig
from earshot.noise import NoiseClassifierService, NoiseDataset, TrainingConfig
from tasks.messages.embeds import Service
from tasks.messages.transport import GATED

NAME = "train_noise_classifier"
LONGEST_SEC = 7 * 86_400
"""After which a training that nobody has finished is given to another worker."""

app = Celery("src.api.tasks", amqp="tasks.messages.transport:Queues")
app.conf.update(
    {
        key: value
        for key, value in vars(celeryconfig).items()
        if key.startswith(("broker_", "redis_", "result_"))
    }
)
# The service's workers deliver again what lies among their unfinished messages for longer than any
# of their own tasks takes.
unfinished = {f"unacked{part}_key": f"unacked_{NAME}{part}" for part in ("", "_index", "_mutex")}
app.conf.update(
    broker_transport_options={
        **celeryconfig.broker_transport_options,
        **unfinished,
        "visibility_timeout": LONGEST_SEC,
    },
    accept_content=["json"],
    task_queues=[Queue(NAME)],
    task_default_queue=NAME,
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    worker_pool=celeryconfig.worker_pool,
)
GATED[NAME] = Service(
    (NAME,), (), lambda task: app.tasks[task].__header__ if task == NAME else None
)


@app.task(name=NAME)
def train_noise_classifier(folder: str) -> dict[str, object]:
    """Trains on ``folder/train`` and ``folder/val``, each a folder for every category or with a
    ``labels.csv`` (C-39).

    Returns:
        ``history``, one value an epoch, and ``model_path``: ``best_model.pth`` in
        ``folder/checkpoints``.
    """
    train, val = (
        NoiseDataset.from_folder(Path(folder) / part, augment=part == "train")
        for part in ("train", "val")
    )
    config = TrainingConfig(checkpoint_dir=str(Path(folder) / "checkpoints"))
    history = NoiseClassifierService().train(train, val, config)
    return {"history": history, "model_path": str(Path(config.checkpoint_dir) / "best_model.pth")}
