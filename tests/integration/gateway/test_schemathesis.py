"""Requests made from the OpenAPI document, in every phase: none may end in a 5xx, and each answer
is as the document says (``--schemathesis-sec`` for longer runs)."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from earshot.pools import STAGES
from earshot.settings import PROJECT
from tests.servers import servers

pytestmark = pytest.mark.integration

DOCUMENT = PROJECT / "docs" / "openapi.json"
LEFT_OUT = (
    "/events",  # streams have no end; test_events reads them
    "/pools/{pool}/pause",  # what was submitted would wait in a paused pool; test_pools pauses
    # The tool cannot write bodies of application/offset+octet-stream; test_resumable sends them.
    "/uploads/{upload_id}",
)
OWN = ("Unsupported type: 'Binary'",)
"""What schemathesis 4.32 says of a form that it made itself and cannot check."""
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
            token = stage.token("operator")
            done = subprocess.run(
                [
                    *(sys.executable, "-m", "schemathesis.cli", "run", str(DOCUMENT)),
                    *("--url", url, "--header", f"Authorization: Bearer {token}"),
                    *("--phases", "examples,coverage,fuzzing,stateful", "--max-time", str(seconds)),
                    *("--checks", ",".join(CHECKS), "--request-timeout", "30"),
                    # Its threads parse Python at once, which is not safe in CPython 3.11.
                    *("--workers", "1"),
                    *("--continue-on-failure", "--no-color"),
                    *(word for path in LEFT_OUT for word in ("--exclude-path", path)),
                ],
                cwd=tmp_path,  # it keeps a cache where it runs
                capture_output=True,
                text=True,
                timeout=seconds + 300,
                check=False,
            )
    assert _faults(done.stdout) == [], done.stdout[-20_000:]
    assert "Test cases:" in done.stdout, done.stdout[-4000:] + done.stderr[-4000:]


def _faults(printed: str) -> list[str]:
    """Failures, and errors of the tool except ``OWN``; without holds that were released, which are
    answered as a state (``on_hold: false``) and not as a resource that is gone."""
    body, _, summary = printed.partition(" SUMMARY =")
    found = re.findall(r"^ *(?:❌|🚫) (\S.*: \d+)$", summary, re.MULTILINE)
    own = [
        text for text in re.findall(r"^Runtime Error\s+(\S.*)$", body, re.MULTILINE) if text in OWN
    ]
    states = len(re.findall(r"was deleted with `DELETE /recordings/[^/`]+/hold`", body))
    known = {f"Runtime Error: {len(own)}", f"ST301 Deleted resource still available: {states}"}
    return [each for each in found if each not in known]


def test_released_holds_are_no_faults_and_other_deletions_are() -> None:
    printed = "The resource was deleted with `DELETE {}`\n{} SUMMARY =\n  ❌ {}: 1\n"
    fault = "ST301 Deleted resource still available"
    assert _faults(printed.format("/recordings/7/hold", "", fault)) == []
    assert _faults(printed.format("/recordings/7", "", fault)) == [f"{fault}: 1"]
