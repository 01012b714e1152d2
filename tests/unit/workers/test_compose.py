"""docker-compose.yml against the registry and the command: every pool has a service, every command
line is a real one."""

import os
import re
import shutil
import signal
import subprocess
import time
import tomllib
from contextlib import suppress
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import psutil
import pytest
import typer.main
import yaml
from psycopg.conninfo import conninfo_to_dict
from redis.connection import parse_url

from cli.commands import app
from cli.localstack import redis, waiting
from earshot.pools import APART, pools, queues_of
from earshot.registry import cards
from earshot.settings import PROJECT, Settings

COMPOSED: dict[str, Any] = yaml.safe_load(
    (PROJECT / "docker-compose.yml").read_text(encoding="utf-8")
)
SERVICES, SECRETS = COMPOSED["services"], COMPOSED["secrets"]
WORKERS = {
    name: service
    for name, service in SERVICES.items()
    if service.get("command", [""])[0] == "worker"
}


def served(service: dict[str, Any]) -> tuple[str, ...]:
    words = service["command"][1:]
    return tuple(words[: words.index("--concurrency")])


def test_every_pool_has_one_service_of_its_own() -> None:
    assert {name: served(service) for name, service in WORKERS.items()} == {
        name: (name,) for name in (*pools(), *APART)
    }
    assert all(queues_of(served(service)) for service in WORKERS.values())


def test_every_pool_is_scaled_on_its_own() -> None:
    scales = {name: service["deploy"]["replicas"] for name, service in WORKERS.items()}
    assert scales == {name: f"${{{name.upper()}_REPLICAS:-1}}" for name in WORKERS}


def test_gpu_pools_and_only_they_reserve_a_gpu() -> None:
    reserving = {name for name, service in WORKERS.items() if "resources" in service["deploy"]}
    assert reserving == {card.name for card in cards() if card.pool == "gpu"}
    given = {name: WORKERS[name]["environment"]["CUDA_VISIBLE_DEVICES"] for name in reserving}
    assert given == {name: f"${{{name.upper()}_GPUS:-0}}" for name in reserving}


@pytest.mark.parametrize(
    "name",
    [name for name, service in SERVICES.items() if service.get("image", "").startswith("earshot")],
)
def test_settings_of_a_service_are_settings_of_the_program(name: str) -> None:
    named = {
        key.removeprefix("EARSHOT_").lower()
        for key in SERVICES[name]["environment"]
        if key.startswith("EARSHOT_")
    }
    assert named <= set(Settings.model_fields)
    assert {"redis_url", "database_url", "audio_store"} <= named


def test_the_gpu_image_has_what_the_full_models_need() -> None:
    stage = (PROJECT / "Dockerfile").read_text(encoding="utf-8").partition("FROM cpu AS gpu")[2]
    files = re.findall(r"--requirement (\S+)", stage)
    pinned = {
        line.partition("==")[0]
        for file in files
        for line in (PROJECT / file).read_text(encoding="utf-8").splitlines()
    }
    extras = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]
    wanted = [each for name in ("gpu", "diarization") for each in extras[name]]
    assert {re.split("[=><;]", each)[0].strip().replace(".", "-") for each in wanted} <= pinned


@pytest.mark.parametrize("name", [name for name in SERVICES if name not in ("redis", "postgres")])
def test_days_by_class_reach_those_who_keep_to_them(name: str) -> None:
    """Without a value in the file: it is passed on where it is set, and left unset where not."""
    assert SERVICES[name]["environment"]["EARSHOT_RETENTION"] is None


def test_what_ends_tasks_and_what_few_need_is_not_started_unasked() -> None:
    for name in ("flower", *APART):
        assert SERVICES[name]["profiles"] == [name]


def test_redis_keeps_what_it_is_given() -> None:
    words = SERVICES["redis"]["command"]
    options = dict(zip(words[::2], words[1::2], strict=True))
    assert options["--appendonly"] == "yes"
    assert options["--maxmemory-policy"] == "noeviction"


def test_nothing_starts_without_passwords_and_none_has_a_default() -> None:
    text = (PROJECT / "docker-compose.yml").read_text(encoding="utf-8")
    assert {each["file"].partition(":?")[0] for each in SECRETS.values()} == {"${EARSHOT_SECRETS"}
    assert not re.search(r"PASSWORD[^}\n]*:-", text)
    assert all(f"/run/secrets/{name}" in str(SERVICES[owner]) for name, owner in OWNERS.items())


OWNERS = {"redis_password": "redis", "postgres_password": "postgres", "flower_password": "flower"}
OURS = [
    name for name, service in SERVICES.items() if service.get("image", "").startswith("earshot")
]


@pytest.mark.parametrize("name", OURS)
def test_a_service_finds_its_passwords_where_the_settings_look_for_them(name: str) -> None:
    targets = {
        each["source"]: each["target"]
        for each in SERVICES[name]["secrets"]
        if each != "flower_password"
    }
    assert set(targets) == {"redis_password", "postgres_password"}
    assert ("flower_password" in SERVICES[name]["secrets"]) == (name == "flower")
    assert {target.removeprefix("earshot_") for target in targets.values()} <= set(
        Settings.model_fields
    )


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_confined(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["pids_limit"]
    assert "mem_limit" in service
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}
    assert name == "redis" or "/tmp" in service["tmpfs"]
    assert "cap_add" not in service or name == "postgres"


@pytest.mark.parametrize(
    "password", ["plain", "with space", 'quote" and \\ and $HOME and @/%:#?', "'single'"]
)
@pytest.mark.parametrize("shell", [["sh"], ["dash"], ["bash"], ["busybox", "sh"]], ids=" ".join)
def test_redis_gets_its_password_and_the_signal_to_stop(
    tmp_path: Path, password: str, shell: list[str]
) -> None:
    """The lines of the compose file, for several shells of the image and characters of the
    password, with the local stack's redis-server and a file of this test's."""
    if shutil.which(shell[0]) is None:
        pytest.skip(f"no {shell[0]} on this machine")
    folder, socket = tmp_path / "bin", tmp_path / "redis.sock"
    folder.mkdir()
    (folder / "redis-server").symlink_to(redis.executable())
    secret = tmp_path / "redis_password"
    secret.write_text(f"{password}\n", encoding="utf-8")
    _, flag, script, name = SERVICES["redis"]["entrypoint"]
    script = script.replace("$$", "$").replace("/run/secrets/redis_password", str(secret))
    words = [
        *shell,
        flag,
        script,
        name,
        *SERVICES["redis"]["command"],
        "--port",
        "0",
        "--unixsocket",
        str(socket),
    ]
    env = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    with subprocess.Popen(
        words, env=env, cwd=tmp_path, start_new_session=True, stdout=subprocess.DEVNULL
    ) as server:
        try:
            configured = Settings(redis_url=f"unix://{socket}", redis_password=password)
            waiting.until(
                lambda: redis.reachable(configured.redis_url), 20, "Redis with that password"
            )
            assert not redis.reachable(f"unix://{socket}")
            assert not psutil.Process(server.pid).children()
            server.terminate()
            assert server.wait(20) == 0
        finally:
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)


def test_passwords_are_read_from_files_and_escaped(tmp_path: Path) -> None:
    (tmp_path / "earshot_redis_password").write_text("p@ss/%:#?\n", encoding="utf-8")
    (tmp_path / "earshot_database_password").write_text("o'ther\n", encoding="utf-8")
    urls = {
        "redis_url": "redis://redis:6379/0",
        "database_url": "postgresql://earshot@postgres:5432/earshot",
    }
    found = Settings(_secrets_dir=tmp_path, **urls)
    assert found.redis_url == "redis://:p%40ss%2F%25%3A%23%3F@redis:6379/0"
    assert parse_url(found.redis_url)["password"] == "p@ss/%:#?"
    assert conninfo_to_dict(found.database_url) == {
        "user": "earshot",
        "password": "o'ther",
        "host": "postgres",
        "port": "5432",
        "dbname": "earshot",
    }
    assert "p@ss" not in repr(found.redis_password)


@pytest.mark.parametrize("age_sec", [0, 300])
def test_the_probe_notices_a_worker_that_hangs(tmp_path: Path, age_sec: int) -> None:
    ready = tmp_path / "ready"
    ready.write_text("1", encoding="utf-8")
    at = time.time() - age_sec
    os.utime(ready, (at, at))
    [kind, line] = WORKERS["scene"]["healthcheck"]["test"]
    assert kind == "CMD-SHELL"
    asked = subprocess.run(["sh", "-c", line.replace("/tmp/ready", str(ready))], check=False)
    assert (asked.returncode == 0) == (age_sec == 0)


@pytest.mark.parametrize(
    "name",
    [
        "config.yaml",
        ".venv",
        ".venv-bench",
        "shared",
        ".earshot",
        ".git",
        ".env",
        "secrets",
        "call.wav",
        "key.pem",
    ],
)
def test_an_image_is_made_without(name: str) -> None:
    patterns = (PROJECT / ".dockerignore").read_text(encoding="utf-8").split()
    assert any(fnmatch(name, pattern.removeprefix("**/")) for pattern in patterns)


BASE = ("-f", str(PROJECT / "docker-compose.yml"))
CPU = ("-f", str(PROJECT / "deploy" / "compose.cpu.yml"))


def accepted(*words: str) -> None:
    env = {**os.environ, "EARSHOT_SECRETS": "/nowhere"}
    checked = subprocess.run(
        [*words, "config", "--quiet"], env=env, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("files", [BASE, BASE + CPU])
def test_docker_compose_accepts_it(files: tuple[str, ...]) -> None:
    docker = shutil.which("docker")
    if (
        docker is None
        or subprocess.run(
            [docker, "compose", "version"], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("no docker client with compose on this machine")
    accepted(docker, "compose", *files, "--profile", "cli", "--profile", "flower")


def test_the_older_docker_compose_accepts_it() -> None:
    """It knows nothing of the tag ``!reset``, so not the CPU variant."""
    compose = shutil.which("docker-compose")
    if compose is None:
        pytest.skip("no docker-compose on this machine")
    accepted(compose, *BASE)


def test_every_command_line_begins_with_a_verb() -> None:
    verbs = set(typer.main.get_group(app).commands)
    ours = [
        service["command"]
        for service in SERVICES.values()
        if service.get("image", "").startswith("earshot") and "command" in service
    ]
    assert len(ours) > len(WORKERS)
    assert {words[0] for words in ours} <= verbs
