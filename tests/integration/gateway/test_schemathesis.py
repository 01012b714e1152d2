"""Requests made from the OpenAPI document, in every phase: none may end in a 5xx, and each answer
is as the document says (``--schemathesis-sec`` for longer runs)."""

import subprocess
import sys
from pathlib import Path

import pytest

from earshot.pools import STAGES
from earshot.settings import PROJECT
from tests.servers import servers

pytestmark = pytest.mark.integration

DOCUMENT = PROJECT / "docs" / "openapi.json"
STREAMS = ("/events",)
"""They have no end; test_events reads them."""
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "use_after_free",
    "ignored_auth",
)


def test_no_request_ends_in_5xx_or_outside_the_document(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    seconds = int(request.config.getoption("--schemathesis-sec"))
    with servers() as stage:
        stage.settings |= {
            "REQUESTS_PER_SEC": "10000",
            "REQUESTS_BURST": "10000",
            "ANSWER_SEC": "0.5",
        }
        with stage.workers("core", *STAGES, concurrency=2), stage.gateway() as url:
            token = stage.token("admin")
            done = subprocess.run(
                [
                    *(sys.executable, "-m", "schemathesis.cli", "run", str(DOCUMENT)),
                    *("--url", url, "--header", f"Authorization: Bearer {token}"),
                    *("--phases", "examples,coverage,fuzzing,stateful", "--max-time", str(seconds)),
                    *("--checks", ",".join(CHECKS), "--request-timeout", "30", "--workers", "2"),
                    *("--continue-on-failure", "--no-color"),
                    *(word for path in STREAMS for word in ("--exclude-path", path)),
                ],
                cwd=tmp_path,  # it keeps a cache where it runs
                capture_output=True,
                text=True,
                timeout=seconds + 300,
                check=False,
            )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-4000:]
