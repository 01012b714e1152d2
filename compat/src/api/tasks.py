"""Deprecated: training in the background (004-33). `celery -A src.api.tasks worker -Q train_noise_classifier` serves it, on a
machine that has the train extra."""

from pathlib import Path

from celery import Celery

from earshot.noise import NoiseClassifierService, NoiseDataset, TrainingConfig
from settings import settings

NAME = "train_noise_classifier"

app = Celery("src.api.tasks", broker=settings().redis_url, backend=settings().redis_url)
app.conf.update(task_serializer="json", accept_content=["json"], task_routes={NAME: {"queue": NAME}}, task_acks_late=True)


@app.task(name=NAME)
def train_noise_classifier(folder: str) -> dict[str, object]:
    """Trains on ``folder/train`` and ``folder/val``, each a folder for every category or with a ``labels.csv`` (C-39).

    Returns:
        ``history``, one value an epoch, and ``model_path``: ``best_model.pth`` in ``folder/checkpoints``.
    """
    train, val = (NoiseDataset.from_folder(Path(folder) / part, augment=part == "train") for part in ("train", "val"))
    config = TrainingConfig(checkpoint_dir=str(Path(folder) / "checkpoints"))
    history = NoiseClassifierService().train(train, val, config)
    return {"history": history, "model_path": str(Path(config.checkpoint_dir) / "best_model.pth")}
