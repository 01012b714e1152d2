"""The cases need the generators and recordings beside the project: skipped where there are none,
but never in CI."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest

from tests.cases.inputs import CASES
from tests.cases.local import Local, up


@pytest.fixture(autouse=True, scope="session")
def _cases() -> None:
    if not CASES.is_dir() and os.environ.get("CI") != "true":
        pytest.skip(f"the cases are not at {CASES}")


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """Not below pytest's folder: under root Postgres runs as another user, whom pytest shuts out
    there."""
    folder = Path(mkdtemp(prefix="earshot-cases-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def local(home: Path) -> Iterator[Local]:
    """One stack for all cases that break nothing."""
    stack = home / "stack"
    stack.mkdir()
    with up(stack) as local:
        yield local
