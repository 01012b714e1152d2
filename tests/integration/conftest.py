"""Fixtures of the integration tests."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest

from earshot.settings import settings
from tests.integration.machine import Machine
from tests.servers import Stack


@pytest.fixture
def machine() -> Iterator[Machine]:
    home = Path(mkdtemp(prefix="earshot-tests-"))
    machine = Machine(home)
    yield machine
    machine.earshot("down")
    shutil.rmtree(home)


@pytest.fixture
def own_settings(
    bare_servers: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """The settings of this process name the servers without workers, and a store of the test."""
    for name, value in {**bare_servers.env(), "EARSHOT_HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    yield
    settings.cache_clear()
