"""Settings of the analyses."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from earshot.analysis.words.languages import Language, route

EVERY = "*"
"""Stands for all tenants that are not named."""


class Analyses(BaseModel):
    """Fields for speech recognition, emotion, scene and noise."""

    language: Language = "en"
    """BCP 47 language of recordings whose request names none. ``und``: unknown; recognisers that
    can detect the language do."""
    asr_backend: Literal["local", "endpoint"] = "local"
    """``endpoint``: the inference endpoint below recognises speech, regardless of the active
    release."""
    asr_endpoint_url: str = ""
    asr_endpoint_token: SecretStr = SecretStr("")
    asr_endpoint_timeout_sec: Annotated[float, Field(gt=0)] = 120.0
    """Maximum time without a byte. An endpoint that is scaled to zero takes minutes to start, and
    answers with a status that is retried meanwhile."""
    asr_routes: dict[str, str] = {}
    """Language (primary BCP 47 subtag, no region; ``*`` for all others) to the release of the
    catalog that transcribes it. Ignored with an endpoint as the backend, which transcribes all."""
    asr_hotwords: tuple[str, ...] = ()
    """Names and terms that speech recognition favours."""
    redact_asr: str = ""
    """Release of the catalog that transcribes once more what is to be redacted; what either
    recogniser finds is removed (docs/privacy.md). Empty: one recogniser alone."""
    emotion_dimensions: str = ""
    """Release of the catalog that rates valence, arousal and dominance; the active release provides
    the labels. Empty: the ratings are null."""
    emotion_neutral: dict[str, Annotated[float, Field(gt=0, lt=1)]] = {}
    """Tenant (``*`` for all others) to the share of its speech that is expected to be neutral, such
    as 0.9: emotion needs more evidence to answer otherwise. Without an entry, what the release
    assumes."""
    emotion_int8: bool = True
    """Run emotion encoders in int8 on a CPU (docs/emotion.md); false: in float32, three times
    slower. No effect on the embedded release."""
    scene_gate: bool = True
    """Speech recognition and emotion skip chunks that scene classifies as noise or music with high
    confidence."""
    alarm_threshold: Annotated[float, Field(gt=0, le=1)] = 0.7
    """Minimum correlation of a tone with the rhythm of a fire alarm (docs/emergency.md)."""
    noise_windows_per_chunk: Annotated[int, Field(ge=1)] = 25
    """Number of windows of about a second that noise classifies per chunk at most, but one in each
    part of about 5 s; the same number in every part, evenly spread over the usable ones."""

    fusion_text_weight: Annotated[float, Field(ge=0, le=1)] = 0.6
    """Weight of the words beside the voice in the fused sentiment (docs/sentiment.md)."""

    def neutral_share_of(self, tenant: str) -> float | None:
        """The expected share of neutral speech in the recordings of a tenant; None: not set."""
        return self.emotion_neutral.get(tenant, self.emotion_neutral.get(EVERY))

    @model_validator(mode="after")
    def _names_its_endpoint(self) -> "Analyses":
        if self.asr_backend == "endpoint" and not self.asr_endpoint_url:
            raise ValueError("asr_backend is endpoint, so asr_endpoint_url must name one")
        return self

    @field_validator("asr_routes")
    @classmethod
    def _by_primary_subtag(cls, named: dict[str, str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for key, release in named.items():
            language = key if key == "*" else route(key)
            if language in found:
                raise ValueError(f"{key!r} and {language!r} are one language; remove one of them")
            found[language] = release
        return found
