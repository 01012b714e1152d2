"""Which release answers: made active by name once it loads, and given back to the catalog."""

import hashlib
import shutil
from pathlib import Path

import pytest

from cli.terminal.explain import USAGE
from earshot.models.checkpoints.catalog import load
from earshot.models.checkpoints.defaults import default_releases
from earshot.pipeline.releases import active, serving
from earshot.settings import settings
from earshot.storage.postgres import releases
from earshot.storage.postgres.db import connect
from tasks.process.checks import check
from tests import hub as hubs
from tests.unit.cli.test_errors import earshot
from tests.unit.cli.test_models_cli import CATALOG, NETWORK

pytestmark = pytest.mark.integration

DEFAULT = default_releases()["asr"].name

TOMORROW = """
[[checkpoint]]
name = "asr-of-another-runtime-1"
analysis = "asr"
runtime = "of-tomorrow"
uri = "package:tomorrow"
sample_rate = 16000
licence = "MIT"
commercial = true
"""


def test_a_model_is_used_once_it_loads_and_the_default_comes_back(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own.toml").write_text(CATALOG + TOMORROW)
    named = {"models_catalog": str(tmp_path / "own.toml"), "database_url": database_url}
    missing = earshot(tmp_path, "models", "use", "own-emotion-1", **named)
    assert missing.returncode == USAGE
    assert "fetch it with `earshot models pull own-emotion-1`" in missing.stderr
    refused = earshot(
        tmp_path, "models", "use", default_releases()["scene"].name, commercial_use="true", **named
    )
    assert "forbids commercial use" in refused.stderr
    code = earshot(tmp_path, "models", "use", "asr-of-another-runtime-1", **named)
    assert "asr has no runtime 'of-tomorrow'" in code.stderr
    with hubs.running() as hub:
        hub.put("org/emotion", emotion__onnx=NETWORK)
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        assert earshot(tmp_path, "models", "pull", "own-emotion-1", **named).returncode == 0
    done = earshot(tmp_path, "models", "use", "own-emotion-1", **named)
    assert done.returncode == 0, done.stderr
    with connect(database_url) as connection:
        now = releases.active(connection)["emotion"]
        assert (now.name, now.sha256) == ("own-emotion-1", hashlib.sha256(NETWORK).hexdigest())
        listed = earshot(tmp_path, "models", "list", **named).stdout
        assert [
            line.split()[0]
            for line in listed.splitlines()
            if " yes  " in line and " emotion " in line
        ][-1] == "own-emotion-1"
        assert (
            earshot(
                tmp_path, "models", "use", default_releases()["emotion"].name, **named
            ).returncode
            == 0
        )
        assert "emotion" not in releases.active(connection)
        assert earshot(tmp_path, "models", "use", "own-emotion-1", **named).returncode == 0
        assert releases.active(connection)["emotion"].name == "own-emotion-1"
        shutil.rmtree(tmp_path / "models" / "own-emotion-1")
        worker = earshot(
            tmp_path,
            "worker",
            "emotion",
            redis_url="redis://127.0.0.1:1",
            commercial_use="true",
            **named,
        )
        assert worker.returncode == USAGE
        assert worker.stderr.count("\n") == 1
        assert "fetch it with `earshot models pull own-emotion-1`" in worker.stderr
        connection.execute("DELETE FROM release")


def test_an_endpoint_answers_whatever_release_is_active(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = {"asr_backend": "endpoint", "asr_endpoint_url": "https://endpoint.example/"}
    absent = next(entry for entry in load() if entry.name == "faster-whisper-small-1")
    servers = {"redis_url": "redis://127.0.0.1:1", "database_url": database_url}
    for key, value in {**endpoint, **servers, "home": str(tmp_path)}.items():
        monkeypatch.setenv(f"EARSHOT_{key.upper()}", value)
    settings.cache_clear()
    with connect(database_url) as connection:
        releases.activate(connection, absent.release(), releases.by_command("test"))
        try:
            assert serving(print)["asr"].name == active(connection)["asr"].name
            check(["asr"])  # nothing of it is on this machine, and nothing needs to be
            used = earshot(
                tmp_path, "models", "use", DEFAULT, database_url=database_url, **endpoint
            )
            assert used.stdout.startswith("asr stays with asr-endpoint-"), used.stderr
        finally:
            connection.execute("DELETE FROM release")
            settings.cache_clear()
