"""The state of a training in one file: what continues after a kill as if there had been none."""

import io
import json
import pickle
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from earshot.analysis.errors import Misconfigured
from training.trainers.identity import Identity
from training.trainers.whole_files import replace


def save(path: Path, identity: Identity, values: Mapping[str, Any]) -> None:
    """Writes a state, with the random states of Python, numpy and torch.

    Args:
        values: tensors, plain values, and containers of them.

    Raises:
        Unavailable: ``disk_full``; the former state stays.
    """
    buffer = io.BytesIO()
    torch.save({**values, "identity": json.dumps(identity.facts), "random": _random()}, buffer)
    replace(path, buffer.getvalue())


def load(path: Path, identity: Identity, device: torch.device) -> dict[str, Any] | None:
    """The saved state, whose random states are then in force; None if there is none.

    Raises:
        Misconfigured: ``state``, it belongs to another training, or is no state.
    """
    if not path.exists():
        return None
    try:
        found: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        identity.check(json.loads(found.pop("identity")), path)
        drawn = found.pop("random")
    except (RuntimeError, KeyError, EOFError, pickle.UnpicklingError) as error:
        raise Misconfigured(
            "state", f"{path} is no state of a training; remove it, or start anew with --fresh"
        ) from error
    _restore(drawn, device)
    return found


def _random() -> dict[str, Any]:
    """All random states of this process."""
    kind, keys, *rest = np.random.get_state(legacy=True)
    return {
        "python": json.dumps(random.getstate()),
        "numpy": json.dumps([kind, keys.tolist(), *rest]),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def _restore(drawn: Mapping[str, Any], device: torch.device) -> None:
    version, internal, gauss = json.loads(drawn["python"])
    random.setstate((version, tuple(internal), gauss))
    kind, keys, *rest = json.loads(drawn["numpy"])
    np.random.set_state((kind, np.array(keys, np.uint32), *rest))
    torch.set_rng_state(drawn["torch"])
    if device.type == "cuda" and len(drawn["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(drawn["cuda"])
