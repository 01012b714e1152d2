"""Settings of checkpoints and of the device that they run on."""

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, BaseModel, Field


class Checkpoints(BaseModel):
    """Fields for models."""

    home: Path
    models_dir: Path | None = None
    """Folder of checkpoints, filled by ``earshot models pull``. Default: ``<home>/models``."""
    models_mirror: str = ""
    """Source of checkpoints instead of their hubs: a folder, or the URL of a server with the hub's
    interface."""
    models_catalog: Path | None = None
    """A catalog of your own checkpoints, in the format of ``earshot/models/catalog.toml`` and in
    addition to it."""
    commercial_use: bool | None = None
    """True: checkpoints whose licence forbids commercial use are not loaded, not even embedded
    ones. False: any checkpoint may be pulled and loaded. Unset: of those whose licence forbids it,
    only the embedded ones are loaded."""
    ml_model_v2_path: Path | None = Field(
        default=None, validation_alias=AliasChoices("EARSHOT_ML_MODEL_V2_PATH", "ml_model_v2_path")
    )
    """The model of ``earshot.noise.MLService``. It may also be set as ``ML_MODEL_V2_PATH``, its
    name in the original noise service. Default: the embedded model."""
    release_bars: Path | None = None
    """What a candidate must reach to be promoted, in the format of ``evaluation/gate/bars.toml``
    and read over it."""
    device: Literal["auto", "cpu", "cuda"] = "auto"

    @property
    def models_folder(self) -> Path:
        return (self.models_dir or self.home / "models").absolute()
