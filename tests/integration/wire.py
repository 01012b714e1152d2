"""Listens to everything that goes over Redis, the way an operator with MONITOR would, and decodes
task messages."""

import base64
import json
import threading
from typing import Any, Self

from redis import Redis


class Wire:
    """Collects the bodies of all task messages pushed to queues while it is open."""

    def __init__(self, redis_url: str) -> None:
        self._redis = Redis.from_url(redis_url)
        self._stop = f"wire-stop-{id(self)}"
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self.messages: list[dict[str, Any]] = []
        """``{"task": name, "body": decoded text}`` in order."""

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._listening.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._redis.get(self._stop)
        self._thread.join(10)
        assert not self._thread.is_alive()

    def _listen(self) -> None:
        with self._redis.monitor() as monitor:
            self._listening.set()
            for command in monitor.listen():
                words = command["command"]
                if self._stop in words:
                    return
                if words.startswith(("LPUSH", "RPUSH")) and '"properties"' in words:
                    self._keep(words[words.index("{") :])

    def _keep(self, text: str) -> None:
        message = json.loads(text)
        body = base64.b64decode(message["body"]).decode()
        self.messages.append({"task": message["headers"]["task"], "body": body})
