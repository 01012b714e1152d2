"""Fixtures of the integration tests."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest

from tests.integration.machine import Machine


@pytest.fixture
def machine() -> Iterator[Machine]:
    home = Path(mkdtemp(prefix="earshot-tests-"))
    machine = Machine(home)
    yield machine
    machine.earshot("down")
    shutil.rmtree(home)
