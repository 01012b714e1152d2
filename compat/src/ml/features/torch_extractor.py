"""Deprecated: this is ``earshot.noise.torch_extractor`` itself, so that a ``_torch`` that is
patched here is the one in use."""

import sys

from earshot.noise import torch_extractor

sys.modules[__name__] = torch_extractor
