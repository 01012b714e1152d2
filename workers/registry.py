"""The analyses, one line each: queue, route, chord header, pool, rows and event follow from this
list."""

from functools import cache
from importlib import import_module
from typing import Protocol, cast

from earshot.analysis.errors import Misconfigured
from workers.contract import Analysis, Card

MODULES = (
    "workers.scene",
    "workers.noise",
    "workers.sentiment",
    "workers.asr",
    "workers.emotion",
    "workers.diarization",
)


class _Module(Protocol):
    CARD: Card


@cache
def analyses() -> dict[str, Analysis]:
    """Analysis name to its module, in registry order.

    Raises:
        Misconfigured: a listed module does not keep the contract of ``workers.contract``.
    """
    found: dict[str, Analysis] = {}
    for path in MODULES:
        module = import_module(path)
        missing = [name for name in ("CARD", "load", "analyze") if not hasattr(module, name)]
        if missing:
            raise Misconfigured("registry", f"{path} is registered but has no {', '.join(missing)}")
        found[cast(_Module, module).CARD.name] = cast(Analysis, module)
    return found


def cards() -> tuple[Card, ...]:
    """The cards of all analyses, in registry order."""
    return tuple(module.CARD for module in analyses().values())
