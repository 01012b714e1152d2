"""Clients, beat and Flower import the application: they load no analysis, no numeric library and no
decoder. Each is asked in a fresh interpreter."""

import subprocess
import sys

import pytest

from earshot.settings import PROJECT

HEAVY = ("numpy", "torch", "onnxruntime", "av", "soxr", "fsspec", "ctranslate2", "workers")
LOADED = "import sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"


@pytest.mark.parametrize("program", ["celeryconfig, tasks.app", "tasks.submit", "tasks.beat"])
def test_the_application_is_light(program: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import {program}; {LOADED}"],
        cwd=PROJECT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded = set(done.stdout.split())
    assert {"celery", "tasks"} <= loaded
    assert loaded.isdisjoint(HEAVY), loaded.intersection(HEAVY)
