"""``POST /api/audio/classify``: the noise classifier, in the shape of its earlier service (004-32,
004-35)."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from earshot.analysis.errors import BadAudio
from earshot.audio.decoding.probe import RATES_HZ
from earshot.storage.postgres.tokens import Scope
from gateway.door import Door, operation
from gateway.problems import Problem
from gateway.short.body import LONGEST_SEC
from gateway.short.models import Models


class Counted(Door):
    """A route whose bodies count as held."""

    async def answer(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        models: Models = scope["app"].state.models
        with models.holding(receive) as counted:
            await super().answer(scope, counted, send)


router = APIRouter(route_class=Counted, tags=["classify"])

LONGEST_BYTES = 16 << 20
"""12 MB of audio: a minute of float32 at 48 kHz."""


class Sound(BaseModel):
    """A sound, as base64."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"audio_data": "AAAAAAAAgD4=", "sample_rate": 48_000}]},
    )

    audio_data: str = Field(
        min_length=1,
        description="Base64 of an audio file of any format, or of raw float32 little-endian mono"
        " samples.",
    )
    sample_rate: int = Field(
        48_000,
        ge=RATES_HZ[0],
        le=RATES_HZ[1],
        description="Hz, of raw samples; a file has its own.",
    )


class Noise(BaseModel):
    """The noise in a sound."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "noise_type": "traffic",
                    "confidence": 0.83,
                    "all_predictions": {"traffic": 0.83, "wind": 0.12, "silence": 0.05},
                    "predicted_class": "traffic_heavy",
                    "model_version": "v2",
                }
            ]
        }
    )

    noise_type: str = Field(description="The likeliest group of categories.")
    confidence: float = Field(description="The share of `noise_type`.")
    all_predictions: dict[str, float] = Field(description="Group to share; they sum to 1.")
    predicted_class: str = Field(description="The likeliest single category.")
    model_version: str


@router.post(
    "/api/audio/classify",
    summary="The noise in a short sound",
    **operation(
        Scope.READ,
        LONGEST_BYTES,
        answers={
            400: "The body is no JSON.",
            408: "The rest of the body did not come in time.",
            413: f"The sound is longer than {LONGEST_SEC} s, or {LONGEST_BYTES} bytes of JSON.",
            422: "The body is no such JSON, or it holds no audio.",
        },
    ),
)
async def classify(sound: Sound, request: Request) -> Noise:
    models: Models = request.app.state.models
    try:
        found = await models.noise(sound.audio_data, sound.sample_rate)
    except BadAudio as error:
        if error.code == "too_long":
            raise Problem(413, "too_large", f"A sound has at most {LONGEST_SEC} s.") from error
        raise
    except ValueError as error:
        raise Problem(422, "not_samples", str(error)) from error
    return Noise.model_validate(found)
