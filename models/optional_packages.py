"""Says in one line which packages a release needs where they are not installed."""

from collections.abc import Iterator
from contextlib import contextmanager

from analysis.errors import Misconfigured


@contextmanager
def needed_by(name: str) -> Iterator[None]:
    """Around the loading of a release of that name.

    Raises:
        Misconfigured: a module is missing, in place of ``ModuleNotFoundError``.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise Misconfigured(
            "runtime", f"{name} needs the package {error.name}; install the extra with `pip install -r requirements/gpu.txt`"
        ) from error
