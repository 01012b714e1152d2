"""Every setting, read once from the environment (``EARSHOT_*``) and ``config.yaml``; nothing else
reads either."""

import json
from collections.abc import Collection
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

from earshot.analysis.call_config import CallConfig
from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import MOST_CHUNKS
from earshot.analysis.urls import check_service, with_password
from earshot.analysis.words.languages import Language, route

PROJECT = Path(__file__).resolve().parent.parent
CONFIG = PROJECT / "config.yaml"
PREFIX = "EARSHOT_"
SECRETS = Path("/run/secrets")
"""Where Docker and Kubernetes mount secrets: a file ``earshot_<setting>`` holds the value of a
setting."""


def stack_file(home: Path) -> Path:
    """Where the local stack writes its URLs while it is up."""
    return home / "run" / "stack.json"


def _written(file: Path, known: Collection[str]) -> dict[str, Any]:
    """What a file of settings says.

    Raises:
        Misconfigured: it is no YAML file of settings, or one of its keys is none that is ``known``.
    """
    if not file.exists():
        return {}
    import yaml  # a megabyte that a process without such a file does without

    try:
        said = yaml.safe_load(file.read_bytes()) or {}
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise Misconfigured(
            "config", f"{file} cannot be read: {' '.join(str(error).split())}"
        ) from error
    if not isinstance(said, dict):
        raise Misconfigured(
            "config", f"{file} holds no settings: write one to a line, as language: en"
        )
    strange = [_with_closest(str(key), known) for key in said if key not in known]
    if strange:
        raise Misconfigured(
            "config",
            f"{file}: there is no setting {', '.join(strange)}; earshot/settings.py lists all",
        )
    return said


def _with_closest(key: str, known: Collection[str]) -> str:
    near = get_close_matches(key.lower().removeprefix(PREFIX.lower()), known, 1)
    return f"{key!r}" + (f" (did you mean {near[0]}?)" if near else "")


class _LocalStack(PydanticBaseSettingsSource):
    """The URLs of the stack that ``earshot up`` left running, for whatever the environment and
    config.yaml do not name."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        raise NotImplementedError  # this source answers for all fields at once

    def __call__(self) -> dict[str, Any]:
        home = Path(
            self.current_state.get("home") or self.settings_cls.model_fields["home"].default
        )
        try:
            return dict(json.loads(stack_file(home).read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError):  # a power cut leaves an empty one
            return {}


Days = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Retention(BaseModel):
    """For how many days each class is kept, counted from the end of a recording's analysis; what is
    not named is kept until somebody deletes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    audio: Days | None = None
    """Decoded audio. Reports stay; nothing can be analysed again without handing the file in
    again."""
    recordings: Days | None = None
    """Recordings that were analysed, with everything that is known of them, as ``earshot delete``
    does it."""
    failed: Days | None = None
    """The same for recordings that failed; and dead letters that were decided on."""
    uploads: Days | None = None
    """Files of failed requests, which wait in the inbox to be started again."""
    events: Days | None = None
    """Published events, in the stream and in the outbox."""
    refused: Days | None = None
    """Messages that were put aside; of these at most 1000 are kept in any case."""
    tombstones: Days | None = None
    """What stays of deleted recordings: id, time and receipt."""


class _NamedDatabase(PydanticBaseSettingsSource):
    """The database of [002]'s ``db_`` keys, where nothing else names one and no local stack is
    up."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        raise NotImplementedError  # as above

    def __call__(self) -> dict[str, Any]:
        keys = {
            name: value
            for name, value in self.current_state.items()
            if name in CallConfig.model_fields
        }
        try:
            return {"database_url": CallConfig.model_validate(keys).named_database}
        except ValidationError:  # the settings, which have the same fields, are about to say so
            return {}


class Settings(BaseSettings, CallConfig):
    """Defaults suit the local stack that ``earshot up`` starts; compose and Kubernetes set the
    URLs."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        extra="forbid",
        secrets_dir=SECRETS,
        hide_input_in_errors=True,
    )

    home: Path = PROJECT / ".earshot"
    """Where the local stack keeps its data, logs and process ids."""
    redis_url: str = ""
    """``redis://``, ``rediss://`` or ``unix:///path?db=0``."""
    database_url: str = ""
    """Both default to the local stack's while it is up; without it, ``database_url`` to what
    [002]'s ``db_`` keys name."""
    redis_password: SecretStr = SecretStr("")
    database_password: SecretStr = SecretStr("")
    """Put into the URLs, escaped; meant for files (see ``SECRETS``)."""
    redis_ca: Path | None = None
    """Certificates (PEM) that a ``rediss://`` server's must be signed by. Default: those of this
    system."""
    audio_store: str = ""
    """fsspec URL of the folder that holds decoded audio and uploads. Default:
    ``file://<home>/audio``."""
    roots: tuple[str, ...] = ()
    """URL prefixes that ``ingest.recording`` may read from, besides the store's own inbox. Empty:
    the inbox only."""
    internal_hosts: tuple[str, ...] = ()
    """``host:port`` of http servers with an internal address that roots may lie on; all others must
    be public."""

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

    device: Literal["auto", "cpu", "cuda"] = "auto"
    language: Language = "en"
    """BCP 47 language of recordings whose request names none; ``und``: not known, to be heard by
    recognisers that can."""

    asr_backend: Literal["local", "endpoint"] = "local"
    """``endpoint``: speech is recognised by the inference endpoint below, whatever release is
    active (C-45)."""
    asr_endpoint_url: str = ""
    asr_endpoint_token: SecretStr = SecretStr("")
    asr_endpoint_timeout_sec: Annotated[float, Field(gt=0)] = 120.0
    """Without a byte; an endpoint that was scaled to zero takes minutes to start, and says so with
    a status that is tried again."""
    asr_routes: dict[str, str] = {}
    """Language (primary BCP 47 subtag, no region; ``*`` for all others) to the release of the
    catalog that hears it. Without effect where an endpoint is the backend, which hears all."""
    asr_hotwords: tuple[str, ...] = ()
    """Names and terms that speech recognition is told to expect."""
    emotion_dimensions: str = ""
    """Release of the catalog that rates valence, arousal and dominance beside the active one, which
    gives the labels. Empty: they are null."""
    emotion_int8: bool = True
    """On a CPU, encoders of emotion compute in int8 (docs/emotion.md); false: in float32, three
    times slower. No effect on the embedded release."""
    scene_gate: bool = True
    """Speech recognition and emotion skip chunks that scene takes for noise or music with high
    confidence."""
    alarm_threshold: Annotated[float, Field(gt=0, le=1)] = 0.7
    """How well a tone must keep the rhythm of a fire alarm to be one: a correlation
    (docs/emergency.md)."""

    chunk_duration_sec: Annotated[float, Field(gt=1)] = 25.0
    chunk_max_sec: Annotated[float, Field(gt=1)] = 30.0
    overlap_sec: Annotated[float, Field(ge=0)] = 1.0
    chunk_batch_size: Annotated[int, Field(ge=1, le=MOST_CHUNKS)] = 16
    """Chunks in one chord. 16 fills a GPU's forward pass; on CPU pools 1 gives the earliest event
    and the best balance."""
    noise_windows_per_chunk: Annotated[int, Field(ge=1)] = 25
    """How many windows of about a second noise hears of a chunk, evenly spread over those that tell
    something."""
    ml_model_v2_path: Path | None = Field(
        default=None, validation_alias=AliasChoices("EARSHOT_ML_MODEL_V2_PATH", "ml_model_v2_path")
    )
    """The model that ``earshot.noise.MLService`` answers with; also by its own name, as in [004].
    Default: the embedded one."""

    max_duration_sec: Annotated[int, Field(gt=0)] = 86_400
    """No recording may be longer; 24 hours are 2.8 GB in the store for each channel."""
    task_time_limit_sec: Annotated[int, Field(gt=1)] = 1500
    chunk_lease_sec: Annotated[int, Field(gt=0)] = 300
    """A request or chunk that nobody has started after this, and that does not merely wait its
    turn, is sent again."""
    worker_lost_sec: Annotated[int, Field(ge=5)] = 30
    """A worker that is not heard for so long has died; heartbeats come every two seconds."""
    max_upload_mb: Annotated[int, Field(ge=1)] = 16_000
    """No file above this is copied to the inbox; 16 GB are a day of stereo at 48 kHz."""
    max_unmerged_chunks: Annotated[int, Field(ge=1)] = 2000
    """No recording is taken in while more chunks than this wait to be merged."""
    visibility_timeout_sec: Annotated[int, Field(gt=0)] = 1800
    reconcile_every_sec: Annotated[float, Field(gt=0)] = 30.0
    relay_every_sec: Annotated[float, Field(gt=0)] = 5.0
    outcome_ttl_sec: Annotated[int, Field(gt=0)] = 86_400
    tidy_every_sec: Annotated[float, Field(gt=0)] = 60.0
    """How often upkeep looks for what is to be deleted, and removes a bounded part of it."""
    retention: Retention = Retention()
    """Class to days, e.g. ``{"audio": 30, "recordings": 365}``; all off by default
    (docs/operating.md)."""
    soft_shutdown_sec: Annotated[float, Field(ge=0)] = 20.0
    """How long a worker that is told to stop goes on with what it holds, before it hands it back to
    Redis."""
    wait_days: Annotated[float, Field(gt=0)] = 7.0
    """How long a recording or a chunk waits for its surroundings (a full disk, a store, source or
    endpoint that is away) before it is closed as failed with their code, and can be started again.
    Redis and Postgres are waited for without an end."""
    max_attempts: Annotated[int, Field(ge=1)] = 3
    """Workers that may end at one piece of work before it is given up."""
    ready_file: Path | None = None
    """For probes: a worker writes its process id here once it consumes, and touches it at every
    heartbeat; one that hangs does not."""

    @model_validator(mode="after")
    def _consistent(self) -> "Settings":
        if self.chunk_max_sec < self.chunk_duration_sec:
            raise ValueError("chunk_max_sec must not be below chunk_duration_sec")
        if self.overlap_sec >= self.chunk_duration_sec / 2:
            raise ValueError("overlap_sec must stay below half of chunk_duration_sec")
        if self.task_time_limit_sec >= self.visibility_timeout_sec:
            raise ValueError(
                "task_time_limit_sec must stay below visibility_timeout_sec, or running jobs are"
                " delivered again"
            )
        if self.soft_shutdown_sec >= self.worker_lost_sec:
            raise ValueError(
                "worker_lost_sec must be above soft_shutdown_sec, or a worker that is told to stop"
                " counts as dead"
            )
        if self.asr_backend == "endpoint" and not self.asr_endpoint_url:
            raise ValueError("asr_backend is endpoint, so asr_endpoint_url must name one")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        assert isinstance(file_secret_settings, SecretsSettingsSource)
        files = (
            (file_secret_settings,) if Path(str(file_secret_settings.secrets_dir)).is_dir() else ()
        )
        written = InitSettingsSource(settings_cls, _written(CONFIG, settings_cls.model_fields))
        return (
            init_settings,
            env_settings,
            *files,
            written,
            _LocalStack(settings_cls),
            _NamedDatabase(settings_cls),
        )

    @model_validator(mode="before")
    @classmethod
    def _with_passwords(cls, given: dict[str, Any]) -> dict[str, Any]:
        for name in ("redis", "database"):
            url, password = given.get(f"{name}_url"), given.get(f"{name}_password")
            if url and password:
                secret = (
                    password.get_secret_value() if isinstance(password, SecretStr) else password
                )
                given[f"{name}_url"] = with_password(url, secret)
        return given

    @field_validator("redis_url")
    @classmethod
    def _of_redis(cls, url: str) -> str:
        if url:
            check_service(url, ("redis", "rediss", "unix"))
        if "ssl_" in urlsplit(url).query:  # not all who connect read these alike
            raise ValueError(
                "has options of TLS, which is checked always; name certificates by EARSHOT_REDIS_CA"
            )
        return url

    @field_validator("database_url")
    @classmethod
    def _of_postgres(cls, url: str) -> str:
        if "://" in url:  # libpq's other form is key=value
            check_service(url, ("postgresql", "postgres"))
        return url

    @field_validator("home")
    @classmethod
    def _resolved(cls, home: Path) -> Path:
        return home.resolve()

    @field_validator("asr_routes")
    @classmethod
    def _by_primary_subtag(cls, named: dict[str, str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for key, release in named.items():
            language = key if key == "*" else route(key)
            if language in found:
                raise ValueError(
                    f"{key!r} and {language!r} are one language; leave one of them away"
                )
            found[language] = release
        return found

    @property
    def models_folder(self) -> Path:
        return (self.models_dir or self.home / "models").absolute()

    @property
    def task_soft_limit_sec(self) -> float:
        """When a job is told to stop, so that it can still say so before it is killed."""
        return self.task_time_limit_sec - min(30.0, self.task_time_limit_sec / 10)

    @property
    def task_limit_advice(self) -> str:
        """What to do where work takes longer than a task may."""
        return (
            f"raise EARSHOT_TASK_TIME_LIMIT_SEC (now {self.task_time_limit_sec}), and"
            f" EARSHOT_VISIBILITY_TIMEOUT_SEC (now {self.visibility_timeout_sec}) above it, for all"
            " processes"
        )

    @property
    def late_job_sec(self) -> int:
        """How long after the merge Redis may still deliver a job of a worker that died."""
        return 2 * self.visibility_timeout_sec

    @property
    def wait_sec(self) -> float:
        return self.wait_days * 86_400

    @property
    def store_url(self) -> str:
        return self.audio_store or f"file://{self.home / 'audio'}"


@cache
def settings() -> Settings:
    """The process's settings, read on first use."""
    return Settings()
