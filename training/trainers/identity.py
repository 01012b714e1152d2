"""What a training is, to tell it from another one in the same folder."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earshot.analysis.errors import Misconfigured

SHOWN = 4
"""Differences that an error names at most."""


@dataclass(frozen=True)
class Identity:
    """What a state belongs to. A state of anything else is refused."""

    facts: Mapping[str, Any]

    def check(self, other: Mapping[str, Any], path: Path) -> None:
        """Raises:
        Misconfigured: ``state``; names what differs.
        """
        here, there = _flat(json.loads(json.dumps(self.facts))), _flat(other)
        differing = [
            f"{name} is {_short(there.get(name))} there, {_short(here.get(name))} here"
            for name in sorted(here.keys() | there.keys())
            if here.get(name) != there.get(name)
        ]
        if differing:
            more = f" and {len(differing) - SHOWN} more" if len(differing) > SHOWN else ""
            raise Misconfigured(
                "state",
                f"{path} is of another training: {'; '.join(differing[:SHOWN])}{more}. Name another"
                " folder, give the same options, or start anew with --fresh",
            )


def _flat(value: Any, name: str = "") -> dict[str, Any]:
    if not isinstance(value, dict):
        return {name: value}
    return {
        key: each
        for part, inner in value.items()
        for key, each in _flat(inner, f"{name}.{part}" if name else str(part)).items()
    }


def _short(value: Any) -> str:
    text = "absent" if value is None else str(value)
    return text if len(text) <= 24 else f"{text[:12]}..."
