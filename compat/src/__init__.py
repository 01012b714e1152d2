"""The module names of [004]; use ``earshot.noise``."""

import warnings

warnings.warn("src will go away; import from earshot.noise", DeprecationWarning, stacklevel=2)
