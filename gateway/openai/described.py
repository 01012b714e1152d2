"""The form and the answers of a transcription in the OpenAPI document."""

from typing import Any

from gateway import examples
from gateway.openai.options import (
    AUTO,
    DIARIZES,
    FORMATS,
    GRANULARITIES,
    MODELS,
    REFUSED,
    TIMESTAMPS,
)

_EXTRAS = {"recording_id": examples.ID, "languages": ["en"]}
_TEXT = "good morning"


def _choice(description: str, values: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "string", "enum": list(values), "description": description}


def _never(reason: str) -> dict[str, Any]:
    return {
        "type": "array",
        "items": {"type": "string"},
        "maxItems": 0,
        "description": f"Refused: {reason}.",
    }


FORM = examples.form(
    {
        "model": _choice(f"Any of these names; only `{DIARIZES}` makes a difference.", MODELS),
        "language": examples.text("BCP 47 language of the speech; default: `EARSHOT_LANGUAGE`."),
        "response_format": {**_choice("Shape of the answer.", FORMATS), "default": FORMATS[0]},
        TIMESTAMPS: {
            "type": "array",
            "items": {"type": "string", "enum": list(GRANULARITIES)},
            "description": "With verbose_json; default: segment.",
        },
        "stream": examples.flag("Answer by server-sent events.", False),
        "chunking_strategy": _choice("How the recording is cut.", (AUTO,)),
        "temperature": {"type": "number", "enum": [0], "description": "Others are refused."},
        **{name: _never(reason) for name, reason in REFUSED.items()},
    },
    {"model": "whisper-1", "response_format": "verbose_json", "language": "en"},
)
FORM["multipart/form-data"]["schema"]["required"].append("model")

ANSWERS: dict[str, Any] = {
    "application/json": {
        "examples": {
            "json": {
                "value": {
                    "text": _TEXT,
                    "usage": {"type": "duration", "seconds": 61.32},
                    "earshot": _EXTRAS,
                }
            },
            "verbose_json": {
                "value": {
                    "task": "transcribe",
                    "language": "en",
                    "duration": 61.32,
                    "text": _TEXT,
                    "segments": [
                        {
                            "id": 0,
                            "start": 0.48,
                            "end": 2.16,
                            "text": _TEXT,
                            "compression_ratio": 0.6,
                            "earshot": {"turn": "t0", "confidence": 0.93},
                        }
                    ],
                    "usage": {"type": "duration", "seconds": 61.32},
                    "earshot": _EXTRAS,
                }
            },
        }
    },
    "text/plain": {"schema": {"type": "string"}, "example": f"{_TEXT}\n"},
    "text/vtt": {
        "schema": {"type": "string"},
        "example": f"WEBVTT\n\n00:00:00.480 --> 00:00:02.160\n<v agent>{_TEXT}\n",
    },
    "text/event-stream": {
        "schema": {},
        "example": "event: transcript.text.done\n"
        f'data: {{"type":"transcript.text.done","text":"{_TEXT}"}}\n\n',
    },
}
