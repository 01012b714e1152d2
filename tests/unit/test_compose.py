"""docker-compose.yml against the registry and the command: every pool has a service, every command line is a real one."""

import re
import shutil
import subprocess
import tomllib
from typing import Any

import pytest
import yaml

from earshot.cli import app
from settings import PROJECT, Settings
from workers.pools import pools, queues_of
from workers.registry import cards

SERVICES: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
WORKERS = {name: service for name, service in SERVICES.items() if service.get("command", [""])[0] == "worker"}


def served(service: dict[str, Any]) -> tuple[str, ...]:
    words = service["command"][1:]
    return tuple(words[: words.index("--concurrency")])


def test_every_pool_has_one_service_of_its_own() -> None:
    assert {name: served(service) for name, service in WORKERS.items()} == {name: (name,) for name in pools()}
    assert all(queues_of(served(service)) for service in WORKERS.values())


def test_every_pool_is_scaled_on_its_own() -> None:
    scales = {name: service["deploy"]["replicas"] for name, service in WORKERS.items()}
    assert scales == {name: f"${{{name.upper()}_REPLICAS:-1}}" for name in WORKERS}


def test_gpu_pools_and_only_they_reserve_a_gpu() -> None:
    reserving = {name for name, service in WORKERS.items() if "resources" in service["deploy"]}
    assert reserving == {card.name for card in cards() if card.pool == "gpu"}
    given = {name: WORKERS[name]["environment"]["CUDA_VISIBLE_DEVICES"] for name in reserving}
    assert given == {name: f"${{{name.upper()}_GPUS:-0}}" for name in reserving}


@pytest.mark.parametrize("name", [name for name, service in SERVICES.items() if service.get("image", "").startswith("earshot")])
def test_settings_of_a_service_are_settings_of_the_program(name: str) -> None:
    named = {key.removeprefix("EARSHOT_").lower() for key in SERVICES[name]["environment"] if key != "CUDA_VISIBLE_DEVICES"}
    assert named <= set(Settings.model_fields)
    assert {"redis_url", "database_url", "audio_store"} <= named


def test_the_gpu_image_has_what_the_full_models_need() -> None:
    stage = (PROJECT / "Dockerfile").read_text(encoding="utf-8").partition("FROM cpu AS gpu")[2]
    files = re.findall(r"--requirement (\S+)", stage)
    pinned = {line.partition("==")[0] for file in files for line in (PROJECT / file).read_text(encoding="utf-8").splitlines()}
    extras = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    wanted = [each for name in ("gpu", "diarization") for each in extras[name]]
    assert {re.split("[=><;]", each)[0].strip().replace(".", "-") for each in wanted} <= pinned


def test_redis_keeps_what_it_is_given() -> None:
    words = SERVICES["redis"]["command"]
    options = dict(zip(words[1::2], words[2::2], strict=True))
    assert options["--appendonly"] == "yes"
    assert options["--maxmemory-policy"] == "noeviction"


BASE = ("-f", str(PROJECT / "docker-compose.yml"))
CPU = ("-f", str(PROJECT / "deploy" / "compose.cpu.yml"))


def accepted(*words: str) -> None:
    checked = subprocess.run([*words, "config", "--quiet"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("files", [BASE, BASE + CPU])
def test_docker_compose_accepts_it(files: tuple[str, ...]) -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("no docker client with compose on this machine")
    accepted(docker, "compose", *files, "--profile", "cli")


def test_the_older_docker_compose_accepts_it() -> None:
    """It knows nothing of the tag ``!reset``, so not the CPU variant."""
    compose = shutil.which("docker-compose")
    if compose is None:
        pytest.skip("no docker-compose on this machine")
    accepted(compose, *BASE)


def test_every_command_line_begins_with_a_verb() -> None:
    verbs = {command.name or str(getattr(command.callback, "__name__", "")) for command in app.registered_commands}
    ours = [
        service["command"]
        for service in SERVICES.values()
        if service.get("image", "").startswith("earshot") and "command" in service
    ]
    assert len(ours) > len(WORKERS)
    assert {words[0] for words in ours} <= verbs
