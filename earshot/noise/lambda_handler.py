"""Noise classification as an AWS Lambda function (004-34):
``earshot.noise.lambda_handler.handler``."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from earshot.analysis.errors import BadAudio, EarshotError
from earshot.noise.ml_service import MLService
from earshot.settings import settings

LAYER = Path("/opt/ml/models/noise_classifier_v2.pth")
"""Path of the model in a Lambda layer, unless ``ML_MODEL_V2_PATH`` names another one."""


@cache
def service() -> MLService:
    """One service for all calls of this instance of the function, with its model open."""
    named = settings().ml_model_v2_path
    made = MLService(named or (LAYER if LAYER.is_file() else None))
    _ = (
        made.classifier
    )  # here, so that errors of the model are not taken for errors of the caller's audio
    return made


def handler(event: dict[str, Any], context: object = None) -> dict[str, Any]:
    """Classifies ``event["audio_base64"]`` at ``event["sample_rate"]`` (48000 by default).

    Returns:
        ``{"statusCode": 200, "body": JSON}``; with an ``error``: 400 for errors of the event, 500
            for errors of the service.
    """
    if "audio_base64" not in event:
        return _reply(400, {"error": "the event needs audio_base64"})
    try:
        ready = service()
    except (EarshotError, OSError, ValueError) as error:
        return _reply(500, {"error": str(error)})
    try:
        return _reply(
            200, ready.classify_noise(event["audio_base64"], int(event.get("sample_rate", 48_000)))
        )
    except (BadAudio, ValueError) as error:
        return _reply(400, {"error": str(error)})
    except EarshotError as error:
        return _reply(500, {"error": str(error)})


def _reply(status: int, body: dict[str, Any]) -> dict[str, Any]:
    return {"statusCode": status, "body": json.dumps(body)}
