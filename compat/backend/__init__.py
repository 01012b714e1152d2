"""The names of [004]'s Flask backend; use ``earshot.noise``."""

import warnings

warnings.warn("backend will go away; import from earshot.noise", DeprecationWarning, stacklevel=2)
