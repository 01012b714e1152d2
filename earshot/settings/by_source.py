"""Settings that differ by source: a URL, for what lies below it, or a tenant, or all other
tenants."""

from collections.abc import Mapping
from typing import TypeVar

from pydantic import TypeAdapter

from earshot.analysis.request import Tenant
from earshot.analysis.urls import spelled
from earshot.settings.analyses import EVERY

TENANT = TypeAdapter(Tenant)
Value = TypeVar("Value")


def by_source(named: Mapping[str, Value]) -> dict[str, Value]:
    """The setting with keys as ``of_source`` looks them up.

    Raises:
        ValueError: a key is neither a URL nor a tenant, or is named twice.
    """
    found: dict[str, Value] = {}
    for key, value in named.items():
        source = f"{spelled(key).rstrip('/')}/" if "://" in key else key
        if "://" not in key and key != EVERY:
            TENANT.validate_python(key)
        if source in found:
            raise ValueError(f"{key!r} is named twice; remove one of them")
        found[source] = value
    return found


def of_source(named: Mapping[str, Value], uri: str, tenant: str) -> Value | None:
    """What is set for a source: of the longest URL, else of the tenant, else of all others; None:
    not set."""
    above = [key for key in named if "://" in key and spelled(uri).startswith(key)]
    return named.get(max(above, key=len, default=tenant if tenant in named else EVERY))
