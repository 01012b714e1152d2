"""Examples in the OpenAPI document, and the shapes of bodies that are read piece by piece."""

from collections.abc import Mapping
from typing import Any

from pydantic.config import JsonDict

ID = "8d1f3c52-6a0e-4f0c-9b57-2f4c8f4f6a11"
LINKS: JsonDict = {
    "recording": f"/recordings/{ID}",
    "report": f"/recordings/{ID}/report",
    "session": f"/sessions/{ID}",
    "audio": f"/sessions/{ID}/audio",
}


def form(properties: Mapping[str, Mapping[str, Any]], example: Mapping[str, Any]) -> dict[str, Any]:
    """Content of a form with a file."""
    file = {"type": "string", "format": "binary", "description": "Audio or video."}
    return {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {"file": file, **properties},
                "additionalProperties": False,
            },
            "example": {"file": "(the bytes of call.wav)", **example},
        }
    }


def text(description: str) -> dict[str, Any]:
    """A field of a form."""
    return {"type": "string", "description": description}


def flag(description: str, default: bool) -> dict[str, Any]:
    """A field of a form that is true or false."""
    return {"type": "boolean", "default": default, "description": description}
