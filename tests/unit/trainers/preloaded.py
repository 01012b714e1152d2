"""What processes that train import, once for all of them."""

import training.trainers.models.emotion
from training.trainers.coreml import convert

with convert.silent(), convert.without(*convert.OTHERS):
    import coremltools

__all__ = ["coremltools", "training"]
