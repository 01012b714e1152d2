"""All settings, read once from the environment (``EARSHOT_*``) and ``config.yaml``, or the file in
``EARSHOT_CONFIG``; no other module reads either. Each subject has a module of fields, mixed into
one ``Settings``."""

from functools import cache
from pathlib import Path

from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

from earshot.analysis.call_config import CallConfig
from earshot.analysis.keys.sound import use
from earshot.settings.analyses import Analyses
from earshot.settings.batch import Batches
from earshot.settings.bedrock import Bedrock
from earshot.settings.checkpoints import Checkpoints
from earshot.settings.gateway import Gateway
from earshot.settings.glossaries import Glossaries
from earshot.settings.intake import Intake
from earshot.settings.labels import Labels
from earshot.settings.live import Live
from earshot.settings.queues import Queues
from earshot.settings.retention import Keeping, Retention
from earshot.settings.services import Services
from earshot.settings.sources import (
    CONFIG,
    PREFIX,
    PROJECT,
    SECRETS,
    LocalStack,
    NamedDatabase,
    chosen,
    stack_file,
    written,
)
from earshot.settings.webhooks import Webhooks

__all__ = [
    "CONFIG",
    "PREFIX",
    "PROJECT",
    "SECRETS",
    "Retention",
    "Settings",
    "settings",
    "stack_file",
]


class Settings(
    BaseSettings,
    Services,
    Checkpoints,
    Analyses,
    Glossaries,
    Bedrock,
    Intake,
    Queues,
    Keeping,
    Labels,
    Gateway,
    Webhooks,
    Live,
    Batches,
    CallConfig,
):
    """The settings of a process. The defaults fit the local stack of ``earshot up``; compose and
    Kubernetes set the URLs."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        extra="forbid",
        secrets_dir=SECRETS,
        hide_input_in_errors=True,
    )

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
        assert isinstance(env_settings, EnvSettingsSource)
        known = settings_cls.model_fields.keys() - {"config"}
        file = chosen(env_settings.env_vars.get(f"{PREFIX}config".lower()))
        config = InitSettingsSource(settings_cls, written(file, known))
        return (
            init_settings,
            env_settings,
            *files,
            config,
            LocalStack(settings_cls),
            NamedDatabase(settings_cls),
        )


@cache
def settings() -> Settings:
    """The process's settings, read on first use. From then on it uses their keys of sound."""
    made = Settings()
    use(made.sound_keyring())
    return made
