"""The only package that imports Celery; a task body is: validate, call, dump."""

from typing import Any


def __getattr__(name: str) -> Any:
    """``train_noise_classifier``, imported on use: processes that do not train load no second
    application."""
    if name != "train_noise_classifier":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from tasks.retraining import train_noise_classifier

    return train_noise_classifier
