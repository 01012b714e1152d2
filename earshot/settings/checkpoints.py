"""Checkpoints and the device that they run on."""

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, BaseModel, Field


class Checkpoints(BaseModel):
    """Settings of models."""

    home: Path
    models_dir: Path | None = None
    """Where ``earshot models pull`` puts checkpoints. Default: ``<home>/models``."""
    models_mirror: str = ""
    """Asked for checkpoints instead of their hubs: a folder, or the URL of a server that answers as
    a hub does."""
    models_catalog: Path | None = None
    """A catalog of your own checkpoints, as ``earshot/models/catalog.toml``, besides the
    project's."""
    commercial_use: bool | None = None
    """True: no checkpoint whose licence forbids commercial use is loaded, not even an embedded one.
    False: any may be pulled.
    Unset: of those only the embedded ones are loaded."""
    ml_model_v2_path: Path | None = Field(
        default=None, validation_alias=AliasChoices("EARSHOT_ML_MODEL_V2_PATH", "ml_model_v2_path")
    )
    """The model that ``earshot.noise.MLService`` answers with; also by its own name, as in [004].
    Default: the embedded one."""
    device: Literal["auto", "cpu", "cuda"] = "auto"

    @property
    def models_folder(self) -> Path:
        return (self.models_dir or self.home / "models").absolute()
