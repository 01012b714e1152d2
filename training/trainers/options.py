"""Options of a training."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveFloat, PositiveInt

Part = Annotated[float, Field(gt=0, lt=1)]

AROUND = frozenset({"device", "save_every", "workers", "cache"})
"""Options that a training may be resumed without: where it runs, not what comes out."""


class Options(BaseModel):
    """The defaults are those of [001]. A model ignores what it has no use for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: PositiveInt = 50
    batch_size: PositiveInt = 32
    lr: PositiveFloat = 0.001
    patience: PositiveInt = 5
    """Epochs without a lower validation loss, after which training ends."""
    val_split: Part = 0.2
    """Share of the recordings that training ends by."""
    holdout: Part = 0.1
    """Share of the speakers or recordings that are kept for the comparison of releases."""
    augment: bool = False
    """Speed, rooms, noise and telephone codecs for sound, SpecAugment for spectrograms."""
    architecture: Literal[
        "default", "head", "efficientnet_b3", "efficientnet_b0", "efficientnet_tiny"
    ] = "default"
    base: str | None = None
    """Checkpoint to start from: a name of the catalog, a folder with ``trained.json``, a file."""
    extend: bool = False
    """Keep labels of ``base`` that the data has no recordings of."""
    labels: tuple[str, ...] = ()
    """Categories of one's own, for noise."""
    n_mels: PositiveInt = 64
    time_steps: PositiveInt = 100
    sample_rate: PositiveInt = 16_000  # Hz
    longest: PositiveFloat = 600.0
    """Seconds that a recording may have."""
    licence: str = "unknown"
    """Of the data."""
    seed: NonNegativeInt = 0
    threads: PositiveInt = 1
    """Of torch. Sums depend on it in their last bits, so it belongs to the run."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    save_every: Annotated[float, Field(ge=0, le=20)] = 20.0
    """Seconds of work after which the state is saved."""
    workers: PositiveInt = 2
    """Threads that compute features."""
    cache: Path | None = None
    """Folder of computed features; default: in the output folder."""

    def deciding(self) -> dict[str, Any]:
        """The options that decide what comes out, for the comparison with a saved state."""
        return self.model_dump(mode="json", exclude=set(AROUND))
