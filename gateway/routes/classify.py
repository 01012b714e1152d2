"""``POST /scene`` and ``POST /emotion``: raw samples in, one answer out (000-10..15)."""

import time

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict
from pydantic_core import to_json
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from earshot.storage.postgres.tokens import Scope
from gateway.door import Door, operation
from gateway.short import body, metrics
from gateway.short.models import Models
from workers.short import Sound


class Lean(Door):
    """A route whose endpoint takes the request, and returns the JSON of its answer, without
    FastAPI's handling of parameters and models (``python -m trials.bench.gateway``)."""

    async def answer(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        found: bytes = await self.endpoint(Request(scope, receive))
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(found)),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": found})


router = APIRouter(route_class=Lean, tags=["classify"])


def _shown(scores: dict[str, float]) -> ConfigDict:
    label = max(scores, key=lambda name: scores[name])
    example: JsonDict = {
        "label": label,
        "confidence": scores[label],
        "scores": {**scores},
        "latency_ms": 1.87,
        "label_coverage": {name: name != "frustrated" for name in scores},
        "abstained": False,
    }
    return ConfigDict(json_schema_extra={"examples": [example]})


class Answered(BaseModel):
    """The answer about a short sound."""

    label: str = Field(description="`unclear` where the model abstained.")
    confidence: float = Field(description="The largest share.")
    scores: dict[str, float] = Field(description="Label to share; they sum to 1.")
    latency_ms: float = Field(
        description="From the whole body to the answer, waiting for a thread included."
    )
    label_coverage: dict[str, bool] = Field(
        description="False: the model does not know the label, whose share is therefore 0."
    )
    abstained: bool = Field(description="No share is large enough for an answer.")


class Scene(Answered):
    """The kind of sound."""

    model_config = _shown(
        {"speech": 0.92, "music": 0.03, "noise": 0.03, "silence": 0.01, "other": 0.01}
    )


class Emotion(Answered):
    """The emotion of an utterance."""

    model_config = _shown(
        {
            "neutral": 0.71,
            "happy": 0.11,
            "angry": 0.07,
            "sad": 0.08,
            "frustrated": 0.0,
            "surprised": 0.03,
        }
    )


TAKES_SAMPLES = operation(
    Scope.READ,
    body.LONGEST_BYTES,
    answers={
        408: "The rest of the body did not come in time.",
        413: f"The sound is longer than {body.LONGEST_SEC} s, or {body.LONGEST_BYTES} bytes.",
        415: "The body is of another type than raw samples.",
        422: "The body holds no samples, too few, or such as are no sound; or no such rate.",
        503: "The model could not be opened, or too much waits for it.",
    },
    **body.DESCRIBED,
)


@router.post("/scene", summary="The kind of a short sound", response_model=Scene, **TAKES_SAMPLES)
async def scene(request: Request) -> bytes:
    return await _answered(request, "scene")


@router.post(
    "/emotion",
    summary="The emotion of a short sound, taken as one utterance",
    response_model=Emotion,
    **TAKES_SAMPLES,
)
async def emotion(request: Request) -> bytes:
    return await _answered(request, "emotion")


async def _answered(request: Request, analysis: str) -> bytes:
    fields = dict(request.scope["headers"])
    rate = body.sample_rate(fields)
    models: Models = request.app.state.models
    models.model(analysis)  # before the body: without a model it is not read
    with models.holding(request.receive) as receive:
        sound = Sound(body.samples(await body.read(receive), rate), rate)
        began = time.perf_counter()
        found = await models.classify(analysis, sound)
        took = time.perf_counter() - began
    metrics.ANSWERS[analysis][found.label].inc()
    metrics.TIMES[analysis].observe(took)
    return to_json(
        {
            "label": found.label,
            "confidence": found.confidence,
            "scores": found.scores,
            "latency_ms": round(took * 1000, 3),
            "label_coverage": found.label_coverage,
            "abstained": found.abstained,
        }
    )
