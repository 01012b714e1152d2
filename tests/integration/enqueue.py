"""Enqueues the way another service does: a bare Celery client in an empty folder, with nothing of
ours importable."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.servers import Stack

CLIENT = Path(__file__).with_name("bare_client.py")


def enqueue(stack: Stack, request: dict[str, Any], *queue: str) -> dict[str, Any]:
    """Sends ``ingest.recording`` (to ``queue``, or to Celery's default one) and returns its
    result."""
    folder = stack.home / "elsewhere"
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-I", str(CLIENT), stack.redis_url, json.dumps(request), *queue],
        cwd=folder,
        stdout=subprocess.PIPE,
        check=True,
        timeout=120,
    )
    reply: dict[str, Any] = json.loads(done.stdout)
    return reply
