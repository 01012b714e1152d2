"""What a process keeps of the tasks that it publishes."""

import os
import subprocess
import sys

import pytest

from tests.servers import Stack

pytestmark = pytest.mark.integration

PUBLISHES = """
from earshot.pipeline.ports import Call
from tasks import publisher
parts = [Call(f"analyze.{name}", {}) for name in ("scene", "noise")]
for _ in range(3):
    publisher.publish_chord(parts, Call("merge.batch", {}))
publisher.publish("finalize.recording", "x")
backend = publisher.app.backend
print([len(kept) for kept in backend._pending_results], backend.result_consumer._pubsub)
"""


def test_nothing_is_kept_of_what_was_published(bare_servers: Stack) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PUBLISHES],
        env={**os.environ, **bare_servers.env()},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[0, 0] None\n"
    assert done.stderr == ""
