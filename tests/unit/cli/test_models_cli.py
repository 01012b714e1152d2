"""``earshot models`` on the command line, and workers' errors about missing or forbidden models."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.terminal.explain import USAGE
from earshot.models.checkpoints.catalog import load
from earshot.models.checkpoints.defaults import default_releases
from earshot.models.checkpoints.location import MODELS
from earshot.registry import analyses
from earshot.settings import PROJECT
from tests import hub as hubs
from tests.hub import Hub
from tests.unit.cli.test_errors import earshot
from tests.unit.models.test_pull import sha

SCENE = default_releases()["scene"].name
EMOTION = next(entry for entry in load() if entry.name == "emotion-embedded-2")
NETWORK = (MODELS / EMOTION.uri).read_bytes()

CATALOG = f"""
[[checkpoint]]
name = "own-emotion-1"
analysis = "emotion"
runtime = "onnx"
uri = "hf:org/emotion"
labels = {json.dumps(EMOTION.labels)}
sample_rate = 16000
licence = "MIT"
commercial = true
gated = true
files = ["*.onnx"]

[[checkpoint]]
name = "research-1"
analysis = "emotion"
runtime = "onnx"
uri = "hf:org/research"
sample_rate = 16000
licence = "CC BY-NC 4.0"
commercial = false
"""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """The hub that the command is sent to, a catalog of one's own, and no token."""
    with hubs.running() as started:
        started.put("org/emotion", emotion__onnx=NETWORK)
        started.put("org/research", model__bin=b"x" * 2000)
        started.token = "the-token"
        monkeypatch.setenv("HF_ENDPOINT", started.url)
        monkeypatch.setenv("HF_TOKEN_PATH", str(tmp_path / "no-token"))
        monkeypatch.delenv("HF_TOKEN", raising=False)
        (tmp_path / "own.toml").write_text(CATALOG)
        yield started


def models(home: Path, *words: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    return earshot(home, "models", *words, models_catalog=str(home / "own.toml"), **settings)


def load_emotion(home: Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Loads ``own-emotion-1`` as a worker does, in a process that could reach no network."""
    code = """
import socket
from earshot.models.checkpoints.catalog import known
from earshot.settings import settings
from workers import emotion
def refuse(*_): raise OSError("the network was asked")
socket.socket.connect = socket.getaddrinfo = refuse
(entry,) = [each for each in known(settings().models_catalog) if each.name == "own-emotion-1"]
print(type(emotion.load(entry.release(), "cpu").labelled).__name__)
"""
    named = {f"EARSHOT_{key.upper()}": value for key, value in settings.items()}
    env = {**os.environ, "PYTHONPATH": str(PROJECT), "EARSHOT_HOME": str(home), **named}
    env["EARSHOT_MODELS_CATALOG"] = str(home / "own.toml")
    return subprocess.run(
        [sys.executable, "-c", code],
        env=env,
        cwd=home,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_gated_model_is_pulled_listed_loaded_altered_and_put_right(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = load_emotion(tmp_path)
    assert "fetch it with `earshot models pull own-emotion-1`" in before.stderr.splitlines()[-1]
    refused = models(tmp_path, "pull", "own-emotion-1")
    assert (refused.returncode, refused.stderr.count("\n")) == (USAGE, 1)
    assert "no HF_TOKEN is set" in refused.stderr
    monkeypatch.setenv("HF_TOKEN", "the-token")
    assert models(tmp_path, "pull", "--pinned-only", "own-emotion-1").returncode == USAGE
    done = models(tmp_path, "pull", "own-emotion-1")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"own-emotion-1: pulled, {tmp_path}/models/own-emotion-1\n"
    assert models(tmp_path, "pull", "--pinned-only", "own-emotion-1").stdout.startswith(
        "own-emotion-1: is here already"
    )
    assert load_emotion(tmp_path).stdout == "WindowedEmotion\n"
    network = tmp_path / "models" / "own-emotion-1" / "emotion.onnx"
    network.write_bytes(NETWORK[:-1] + bytes([NETWORK[-1] ^ 1]))
    wrong = models(tmp_path, "verify")
    assert wrong.returncode == 1
    assert f"own-emotion-1: {network} has sha256 " in wrong.stderr
    assert "fetch it again" in load_emotion(tmp_path).stderr.splitlines()[-1]
    assert models(tmp_path, "pull", "own-emotion-1").returncode == 0
    assert models(tmp_path, "verify").returncode == 0
    assert sha(network.read_bytes()) == EMOTION.sha256


def test_a_pull_against_the_offline_setting_is_one_line(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    done = models(tmp_path, "pull", "own-emotion-1")
    assert (done.returncode, done.stderr.count("\n")) == (USAGE, 1)
    assert "HF_HUB_OFFLINE forbids that" in done.stderr


def test_a_licence_is_refused_until_the_settings_allow_it(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "the-token")
    unset = models(tmp_path, "pull", "research-1")
    assert unset.returncode == USAGE
    assert unset.stderr == (
        "earshot: research-1: its licence (CC BY-NC 4.0) forbids commercial use; "
        "set EARSHOT_COMMERCIAL_USE=false if yours is not commercial\n"
    )
    every = models(tmp_path, "pull", "--analysis", "emotion", commercial_use="true")
    assert "left out: research-1: its licence" in every.stderr
    assert models(tmp_path, "pull", "research-1", commercial_use="false").returncode == 0
    assert hub.requests("model.bin") == [""]
    assert models(tmp_path, "pull", "research-1", commercial_use="true").returncode == USAGE


def test_commercial_use_refuses_the_embedded_ones_too(tmp_path: Path) -> None:
    done = earshot(
        tmp_path, "worker", "scene", redis_url="redis://127.0.0.1:1", commercial_use="true"
    )
    assert done.returncode == USAGE
    assert f"{SCENE}: its licence" in done.stderr
    assert done.stderr.count("\n") == 1
    listed = earshot(tmp_path, "models", "list", commercial_use="true")
    assert f"refused: EARSHOT_COMMERCIAL_USE is true: {SCENE}" in listed.stderr


def test_two_pulls_at_once_fetch_it_once(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "the-token")
    command = [sys.executable, "-m", "earshot", "models", "pull", "own-emotion-1"]
    env = {**os.environ, "PYTHONPATH": str(PROJECT), "EARSHOT_HOME": str(tmp_path)}
    env["EARSHOT_MODELS_CATALOG"] = str(tmp_path / "own.toml")
    both = [subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = sorted(each.communicate(timeout=60)[0] for each in both)
    assert [each.returncode for each in both] == [0, 0]
    assert [line.split(",")[0] for line in said] == [
        "own-emotion-1: is here already",
        "own-emotion-1: pulled",
    ]
    assert hub.requests("emotion.onnx") == [""]


def test_the_list_says_what_is_where(tmp_path: Path) -> None:
    done = earshot(tmp_path, "models", "list", "--json")
    assert done.returncode == 0, done.stderr
    rows = {row["name"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert list(rows) == [entry.name for entry in load()]
    assert {row["analysis"]: name for name, row in rows.items() if row["active"]} == {
        analysis: release.name
        for analysis, release in default_releases().items()
        if analysis in analyses()
    }
    assert rows[SCENE]["state"] == "embedded"
    assert (rows["pyannote-community-1"]["state"], rows["pyannote-community-1"]["gated"]) == (
        "missing",
        True,
    )
    table = earshot(tmp_path, "models", "list")
    assert [line.split()[0] for line in table.stdout.splitlines()] == ["name", *rows]


def test_with_an_endpoint_no_model_here_is_the_active_one_for_speech(tmp_path: Path) -> None:
    endpoint = {"asr_backend": "endpoint", "asr_endpoint_url": "https://endpoint.example/"}
    done = earshot(tmp_path, "models", "list", "--json", **endpoint)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["name"] for row in rows if row["active"] and row["analysis"] == "asr"] == []
    assert (
        "asr is answered by asr-endpoint-" in earshot(tmp_path, "models", "list", **endpoint).stderr
    )


@pytest.mark.parametrize(
    ("routes", "says"),
    [
        ('{"ar": "nowhere-1"}', "EARSHOT_ASR_ROUTES leads ar to nowhere-1"),
        ('{"ar": "w2v-bert-darija-1"}', "fetch it with `earshot models pull w2v-bert-darija-1`"),
    ],
)
def test_a_worker_whose_languages_lead_nowhere_does_not_start(
    tmp_path: Path, routes: str, says: str
) -> None:
    done = earshot(
        tmp_path,
        "worker",
        "asr",
        redis_url="redis://127.0.0.1:1",
        commercial_use="false",
        asr_routes=routes,
    )
    assert (done.returncode, done.stderr.count("\n")) == (USAGE, 1)
    assert says in done.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["pull"], "say which"),
        (["pull", "--all", "yamnet-1"], "say which"),
        (["pull", "nothing"], "no model named nothing"),
        (["pull", "--analysis", "smell"], "no models for smell; there are some for scene"),
        (["pull", "yamnet-1"], "set EARSHOT_MODELS_MIRROR"),
        (["verify", "nothing"], "no model named nothing"),
    ],
)
def test_a_wrong_word_is_one_line(tmp_path: Path, words: list[str], says: str) -> None:
    done = earshot(tmp_path, "models", *words)
    assert done.returncode == USAGE
    assert done.stderr.startswith("earshot: ")
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_what_is_at_hand_is_not_fetched_and_what_is_not_here_is_named(tmp_path: Path) -> None:
    assert earshot(tmp_path, "models", "pull", SCENE).stdout.endswith("nothing to fetch\n")
    missing = earshot(tmp_path, "models", "verify", "yamnet-1")
    assert (missing.returncode, missing.stderr.count("\n")) == (1, 1)
    assert "fetch it with `earshot models pull yamnet-1`" in missing.stderr


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("nothing", "no model named nothing"),
        ("noise-embedded-5", "no database: run `earshot up`"),
    ],
)
def test_what_cannot_be_used_is_one_line(tmp_path: Path, name: str, says: str) -> None:
    done = earshot(tmp_path, "models", "use", name)
    assert done.returncode == USAGE
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_model_for_no_analysis_of_this_version_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(
        CATALOG.replace('analysis = "emotion"', 'analysis = "weather"')
    )
    done = models(tmp_path, "use", "own-emotion-1")
    assert done.returncode == USAGE
    assert "own-emotion-1 is for weather, which is no analysis" in done.stderr
