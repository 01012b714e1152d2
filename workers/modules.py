"""Imports the module of an analysis in the process that runs it."""

from functools import cache
from importlib import import_module
from typing import cast

from earshot.analysis.errors import Misconfigured
from earshot.registry import analyses
from workers.contract import Analysis


@cache
def module(name: str) -> Analysis:
    """The module of a registered analysis.

    Raises:
        KeyError: no analysis has this name.
        Misconfigured: the module cannot be imported, or does not implement the contract of
            ``workers.contract``.
    """
    path = analyses()[name].module
    try:
        found = import_module(path)
    except ImportError as error:
        raise Misconfigured("registry", f"{path} cannot be imported: {error}") from error
    missing = [each for each in ("FINDINGS", "load", "analyze") if not hasattr(found, each)]
    if missing:
        raise Misconfigured("registry", f"{path} is registered but has no {', '.join(missing)}")
    return cast(Analysis, found)
