"""Requests to an inference endpoint for speech recognition, and its answers: the JSON of the hub's
serving toolkit.

The request is ``{"inputs": <base64 of a WAV file>, "parameters": {"return_timestamps": "word",
...}}``, with ``generate_kwargs.language`` in ``parameters``. ``language`` and ``hotwords`` are
added for custom handlers: the stock handler (huggingface-inference-toolkit) passes all
``parameters`` to the pipeline, which refuses those unknown to the model's ``generate``, and ignores
other keys. The answer is ``{"text": ..., "chunks": [{"text": ..., "timestamp": [start, end]}]}``,
which may contain ``language`` and, by word, ``confidence``.
"""

import base64
import io
import json
import re
import wave
from collections.abc import Sequence
from math import inf
from typing import Annotated

import numpy as np
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from earshot.analysis.errors import Permanent
from earshot.analysis.words.languages import UNDETERMINED
from earshot.analysis.words.times import interpolate
from earshot.compute.sound import SAMPLE_RATE, Samples
from earshot.models.asr.recogniser import Recognised, Recognition
from earshot.models.whisper.languages import CODES, token_code

MOST_SAID = 200
"""Characters of what a stranger says that are shown."""
_SUBTAG = re.compile("[a-z]{2,3}")


class TimedText(BaseModel):
    """One word, times in seconds."""

    text: str
    timestamp: tuple[float | None, float | None] = (None, None)
    confidence: Annotated[float, Field(ge=0, le=1)] = 0.0


class Answer(BaseModel):
    """One transcript; further keys are passed over."""

    text: str
    chunks: tuple[TimedText, ...] = ()
    language: str | None = None


ANSWER: TypeAdapter[Answer | tuple[Answer, ...]] = TypeAdapter(
    Answer | Annotated[tuple[Answer, ...], Field(min_length=1)]
)
"""Some servers put it into a list."""


def request(samples: Samples, language: str, hotwords: Sequence[str]) -> bytes:
    """The body of one request. It contains Whisper's own code of the language, or none without one,
    since Whisper would refuse others."""
    sound = io.BytesIO()
    with wave.open(sound, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes())
    code = token_code(language)
    parameters = {
        "return_timestamps": "word",
        **({"generate_kwargs": {"language": code}} if code in CODES else {}),
    }
    own = {
        **({} if language == UNDETERMINED else {"language": language}),
        **({"hotwords": list(hotwords)} if hotwords else {}),
    }
    return json.dumps(
        {"inputs": base64.b64encode(sound.getvalue()).decode(), "parameters": parameters, **own}
    ).encode()


def complaint(body: bytes, token: str) -> str:
    """The endpoint's error message: first line of its ``error``, or of any other body, without the
    token; may be empty."""
    text = body.decode(errors="replace")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None  # any server may stand between; what it says is shown as it is
    if isinstance(found, dict) and isinstance(found.get("error"), str):
        text = found["error"]
    if token:
        text = text.replace(token, "***")
    first = next((line for line in text.splitlines() if line.strip()), "")
    return " ".join("".join(each if each.isprintable() else " " for each in first).split())[
        :MOST_SAID
    ]


def parse(host: str, body: bytes) -> Answer:
    """What the host answered.

    Raises:
        Permanent: ``endpoint_answer``, it is no transcript.
    """
    try:
        found = ANSWER.validate_json(body)
    except ValidationError as error:
        reason = " ".join(str(error).split())[:MOST_SAID]
        raise Permanent(
            "endpoint_answer", f"{host} answers with what is no transcript: {reason}"
        ) from error
    return found if isinstance(found, Answer) else found[0]


def recognition(answer: Answer, asked: str, length_ms: int) -> Recognition:
    """Words of the answer; those that it gives no time are put between the others and marked, and
    have its confidence or none (0)."""
    texts = answer.chunks or tuple(TimedText(text=word) for word in answer.text.split())
    texts = _in_order([each for each in texts if each.text.strip()], length_ms)
    known = [_span(each, length_ms) for each in texts]
    spans = interpolate([each.text for each in texts], known, (0, length_ms))
    words = tuple(
        Recognised(
            each.text.strip(), start, end, each.confidence, "native" if own else "interpolated"
        )
        for each, own, (start, end) in zip(texts, known, spans, strict=True)
    )
    detected = (answer.language or "").partition("-")[0].lower()
    return Recognition(
        tuple(sorted(words, key=lambda word: word.start_ms)),
        detected if _SUBTAG.fullmatch(detected) else asked,
    )


def _in_order(texts: Sequence[TimedText], length_ms: int) -> tuple[TimedText, ...]:
    """By their start, for an endpoint may batch its windows; what has no time stays behind the word
    that it came after."""
    start, placed = 0, []
    for each in texts:
        span = _span(each, length_ms)
        start = span[0] if span else start
        placed.append((start, each))
    return tuple(each for _, each in sorted(placed, key=lambda pair: pair[0]))


def _span(text: TimedText, length_ms: int) -> tuple[int, int] | None:
    start, end = text.timestamp
    if start is None or end is None or not 0 <= start <= end < inf:  # JSON's 1e999 is infinite
        return None
    return round(min(length_ms, start * 1000)), round(min(length_ms, end * 1000))
