"""Reports missing optional packages of a release in one line."""

from collections.abc import Iterator
from contextlib import contextmanager

from earshot.analysis.errors import Misconfigured


@contextmanager
def needed_by(name: str, extra: str = "gpu") -> Iterator[None]:
    """Wraps the loading of a release with this name, whose packages are in that extra.

    Raises:
        Misconfigured: a module is missing, in place of ``ModuleNotFoundError``.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise Misconfigured(
            "runtime",
            f"{name} needs the package {error.name}; install it with `pip install -r"
            f" requirements/{extra}.txt`",
        ) from error
