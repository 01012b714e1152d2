"""The analyses."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from earshot.analysis.words.languages import Language, route


class Analyses(BaseModel):
    """Settings of speech recognition, emotion, scene and noise."""

    language: Language = "en"
    """BCP 47 language of recordings whose request names none; ``und``: not known; recognisers
    that can detect it."""
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
    noise_windows_per_chunk: Annotated[int, Field(ge=1)] = 25
    """How many windows of about a second noise hears of a chunk, evenly spread over those that tell
    something."""

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
                raise ValueError(
                    f"{key!r} and {language!r} are one language; leave one of them away"
                )
            found[language] = release
        return found
