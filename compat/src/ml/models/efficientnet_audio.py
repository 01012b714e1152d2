"""Deprecated: the network of ``earshot.noise``. Needs torch."""

from earshot.noise.torch_extractor import imported

imported()  # says what to install where it is not

from earshot.noise.nets import CustomNoiseClassifier, EfficientNetNoise  # noqa: E402

__all__ = ["CustomNoiseClassifier", "EfficientNetNoise"]
