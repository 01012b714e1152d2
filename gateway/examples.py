"""Examples in the OpenAPI document, and the shapes of bodies that are read piece by piece."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.config import JsonDict

ID = "8d1f3c52-6a0e-4f0c-9b57-2f4c8f4f6a11"
LINKS: JsonDict = {
    "recording": f"/recordings/{ID}",
    "report": f"/recordings/{ID}/report",
    "session": f"/sessions/{ID}",
    "audio": f"/sessions/{ID}/audio",
    "peaks": f"/recordings/{ID}/peaks",
}

REPORT: JsonDict = {
    "schema_version": "1.7",
    "recording": {
        "id": ID,
        "file_name": "call.wav",
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "duration_ms": 61_320,
        "channels": 2,
        "native_rate": 8000,
        "roles": ["agent", "customer"],
        "roles_source": "request",
        "language": "en",
    },
    "status": "complete",
    "missing": [],
    "skipped": [],
    "releases": {"scene": ["scene-6"]},
    "scene": [{"start_ms": 0, "end_ms": 61_320, "label": "speech", "confidence": 0.97}],
    "noise": None,
    "speakers": [],
    "transcript_language": None,
    "turns": [],
    "sentiment": [],
    "conversation": None,
    "classifications": {},
}


def form(properties: Mapping[str, Mapping[str, Any]], example: Mapping[str, Any]) -> dict[str, Any]:
    """Content of a form with a file."""
    file = {
        "type": "string",
        "format": "binary",
        "description": "Audio or video.",
        "minLength": 1,
    }
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


def inlined(model: type[BaseModel]) -> dict[str, Any]:
    """Schema of a body that FastAPI does not know, with the schemas that it refers to in their
    places."""
    schema = model.model_json_schema()
    parts = schema.pop("$defs", {})

    def whole(node: Any) -> Any:
        if isinstance(node, list):
            return [whole(each) for each in node]
        if not isinstance(node, dict):
            return node
        name = str(node.get("$ref", "")).removeprefix("#/$defs/")
        return whole(parts[name]) if name else {key: whole(node[key]) for key in node}

    found: dict[str, Any] = whole(schema)
    return found


def text(description: str, pattern: str = "") -> dict[str, Any]:
    """A field of a form; its whole value matches the pattern, if there is one."""
    shape = {"pattern": f"^({pattern})$"} if pattern else {}
    return {"type": "string", "description": description, **shape}


def flag(description: str, default: bool) -> dict[str, Any]:
    """A field of a form that is true or false."""
    return {"type": "boolean", "default": default, "description": description}
