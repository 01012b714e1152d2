"""Every analysis of the registry has what stands elsewhere about it; a failure says which lines to
add (docs/architecture.md, "A new analysis")."""

from typing import Any

import pytest
import yaml

from earshot.registry import Card, cards
from earshot.settings import PROJECT
from tests.unit.workers.test_task_names import ANALYSES

CPU_SERVICE = """\
  {name}:
    <<: *worker
    command: [worker, {name}, --concurrency, "${{{NAME}_CONCURRENCY:-1}}"]
    deploy: {{ replicas: "${{{NAME}_REPLICAS:-1}}" }}"""
GPU_SERVICE = """\
  {name}:
    <<: *gpu-worker
    environment: {{ <<: *gpu-settings, CUDA_VISIBLE_DEVICES: "${{{NAME}_GPUS:-0}}" }}
    command: [worker, {name}, --concurrency, "${{{NAME}_CONCURRENCY:-1}}"]
    deploy: {{ replicas: "${{{NAME}_REPLICAS:-1}}", resources: *gpu }}"""


class Loader(yaml.SafeLoader):
    """Knows Compose's ``!reset``."""


Loader.add_constructor("!reset", lambda loader, node: [])


def services(file: str) -> dict[str, Any]:
    with (PROJECT / file).open(encoding="utf-8") as text:
        return yaml.load(text, Loader)["services"]


def missing(card: Card) -> list[str]:
    """One entry per file that lacks the analysis: the file, and the lines to add."""
    service = (GPU_SERVICE if card.pool == "gpu" else CPU_SERVICE).format(
        name=card.name, NAME=card.name.upper()
    )
    found = []
    if card.name not in services("docker-compose.yml"):
        found.append(f"docker-compose.yml lacks a service, add:\n{service}")
    if card.pool == "gpu" and card.name not in services("deploy/compose.cpu.yml"):
        found.append(f"deploy/compose.cpu.yml lacks a service, add:\n  {card.name}: *cpu")
    if card.name not in ANALYSES:
        found.append(
            "tests/unit/workers/test_task_names.py lacks the name, which other services then rely"
            f' on, add to ANALYSES:\n"{card.name}"'
        )
    return found


@pytest.mark.parametrize("card", cards(), ids=lambda card: card.name)
def test_an_analysis_is_complete(card: Card) -> None:
    assert not missing(card), "\n\n".join(missing(card))


def test_gpu_pools_and_only_they_lose_their_reservation_on_a_cpu_machine() -> None:
    assert set(services("deploy/compose.cpu.yml")) == {c.name for c in cards() if c.pool == "gpu"}


def test_names_and_modules_are_the_analyses_own() -> None:
    assert len({card.name for card in cards()}) == len({card.module for card in cards()})
    assert len(cards()) == len({card.name for card in cards()})


@pytest.mark.parametrize("pool", ["cpu", "gpu"])
def test_what_a_new_analysis_lacks_is_named_with_the_lines_to_add(pool: Any) -> None:
    lines = missing(Card("loudness", "workers.loudness", pool))
    files = [line.split()[0] for line in lines]
    assert set(files) >= {"docker-compose.yml", "tests/unit/workers/test_task_names.py"}
    assert ("deploy/compose.cpu.yml" in files) == (pool == "gpu")
    (service,) = (line for line in lines if line.startswith("docker-compose.yml"))
    example = next(card.name for card in cards() if card.pool == pool)
    lines_of_example = service.partition(":\n")[2].replace("loudness", example)
    assert lines_of_example.replace("LOUDNESS", example.upper()) in (
        PROJECT / "docker-compose.yml"
    ).read_text(encoding="utf-8")
