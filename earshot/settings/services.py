"""Settings of Redis, Postgres and the store."""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AliasChoices, BaseModel, Field, SecretStr, field_validator, model_validator

from earshot.analysis.keys.sound import SoundKeys, parsed
from earshot.analysis.urls import check_service, with_db, with_password
from earshot.settings.sources import PROJECT


class Services(BaseModel):
    """Fields for the services that every process connects to, and for locations of files."""

    home: Path = PROJECT / ".earshot"
    """Folder of the local stack's data, logs and process ids."""
    redis_url: str = ""
    """``redis://``, ``rediss://`` or ``unix:///path?db=0``."""
    retrain_redis_db: Annotated[int, Field(ge=0)] = 1
    """Number of the Redis database of the queue ``retrain``; 0 where the server has no other."""
    database_url: str = ""
    """Default of both URLs: the running local stack. Without one, ``database_url`` is built from
    the ``db_`` keys of the earlier call pipeline's ``config.yaml``."""
    redis_password: SecretStr = SecretStr("")
    database_password: SecretStr = SecretStr("")
    """Passwords added to the URLs, escaped; intended for files (see ``SECRETS``)."""
    redis_ca: Path | None = None
    """Certificate authorities (PEM) for ``rediss://`` servers. Default: those of the system."""
    audio_store: str = ""
    """fsspec URL of the folder that holds decoded audio and uploads. Default:
    ``file://<home>/audio``."""
    sound_keys: SecretStr = SecretStr("")
    """Keys that encrypt what is put into the audio store, ``name:key``, the newest first, with a
    comma or a line between; a key is 32 bytes in Base64. The newest encrypts, all decrypt. Empty:
    nothing is encrypted (docs/privacy.md)."""
    sound_keys_file: Path | None = None
    """File that holds ``sound_keys``."""
    roots: tuple[str, ...] = ()
    """URL prefixes that ``ingest.recording`` may read from, besides the store's own inbox. Empty:
    the inbox only."""
    internal_hosts: tuple[str, ...] = ()
    """``host:port`` of HTTP servers that roots may name although their address is internal; all
    others must be public."""

    audioclassify_url: str = Field(
        default="",
        validation_alias=AliasChoices("EARSHOT_AUDIOCLASSIFY_URL", "audioclassify_url"),
    )
    """Gateway that ``earshot.client`` asks about short sounds, e.g. ``http://gateway:5300``. It may
    also be set as ``AUDIOCLASSIFY_URL``. Empty: there is no such client."""
    audioclassify_token: SecretStr = SecretStr("")
    audioclassify_timeout_sec: Annotated[float, Field(gt=0)] = 2.0
    """Maximum time without a byte."""

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

    @model_validator(mode="after")
    def _with_keys(self) -> "Services":
        if self.sound_keys_file is not None and self.sound_keys.get_secret_value():
            raise ValueError("name either EARSHOT_SOUND_KEYS or EARSHOT_SOUND_KEYS_FILE")
        self.sound_keyring()
        return self

    def sound_keyring(self) -> SoundKeys:
        """The keys of ``sound_keys``.

        Raises:
            ValueError: they are malformed, or their file cannot be read.
        """
        if self.sound_keys_file is None:
            return parsed(self.sound_keys.get_secret_value())
        try:
            keys = parsed(self.sound_keys_file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "is no text"
            raise ValueError(f"{self.sound_keys_file} cannot be read: {why}") from None
        if keys.newest is None:
            raise ValueError(f"{self.sound_keys_file} holds no key")
        return keys

    @field_validator("redis_url")
    @classmethod
    def _of_redis(cls, url: str) -> str:
        if url:
            check_service(url, ("redis", "rediss", "unix"))
        if "ssl_" in urlsplit(url).query:  # clients interpret these options differently
            raise ValueError(
                "has TLS options; certificates are always checked, name yours by EARSHOT_REDIS_CA"
            )
        return url

    @field_validator("database_url")
    @classmethod
    def _of_postgres(cls, url: str) -> str:
        if "://" in url:  # libpq's other form is key=value
            check_service(url, ("postgresql", "postgres"))
        return url

    @field_validator("audioclassify_url")
    @classmethod
    def _of_gateway(cls, url: str) -> str:
        if url:
            check_service(url, ("http", "https"))
        return url

    @field_validator("home")
    @classmethod
    def _resolved(cls, home: Path) -> Path:
        return home.resolve()

    @property
    def retrain_redis_url(self) -> str:
        """``redis_url`` with the database of the queue ``retrain``."""
        return with_db(self.redis_url, self.retrain_redis_db)

    @property
    def store_url(self) -> str:
        """URL of the audio store."""
        return self.audio_store or f"file://{self.home / 'audio'}"
