"""Keys of the ``config.yaml`` of the earlier call pipeline, so that its file is read as it is
(docs/batch.md). Keys with the meaning of a setting of this service have its name already, or are
converted to it (``CallConfig.named_database``); counts and memory bound the local stack and
batches; keys that name models are checked against the releases that answer."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import BaseModel, Field, SecretStr

Count = Annotated[int, Field(ge=1)]


class CallConfig(BaseModel):
    """Mixin of the settings; None where a key is not set."""

    max_workers: Count | None = None
    io_workers: Count | None = None
    gpu_workers: Count | None = None

    max_memory_gb: Annotated[float, Field(gt=0)] | None = None
    memory_threshold_percent: Annotated[float, Field(gt=0, le=100)] | None = None
    chunk_cache_size: Annotated[int, Field(ge=0)] | None = None
    file_batch_size: Count | None = None

    transcription_model: str | None = None
    client_text_model_path: Path | None = None
    agent_text_model_path: Path | None = None
    client_acoustic_model_path: Path | None = None
    agent_acoustic_model_path: Path | None = None
    client_acoustic_scaler_path: Path | None = None
    agent_acoustic_scaler_path: Path | None = None

    database_type: Literal["postgresql"] | None = None
    db_host: str | None = None
    db_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    db_name: str | None = None
    db_user: str | None = None
    db_password: SecretStr | None = None

    @property
    def named_database(self) -> str:
        """URL of the database named by the ``db_`` keys; empty without them."""
        if not (self.db_host or self.db_name):
            return ""
        password = quote(self.db_password.get_secret_value(), safe="") if self.db_password else ""
        user = quote(self.db_user or "", safe="") + (f":{password}" if password else "")
        place = (self.db_host or "localhost") + (f":{self.db_port}" if self.db_port else "")
        return (
            f"postgresql://{user}{'@' if user else ''}{place}/{quote(self.db_name or '', safe='')}"
        )
