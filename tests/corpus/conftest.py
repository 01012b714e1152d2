"""Tests on recorded audio are skipped where there is none, but never in CI."""

import os

import pytest

from tests.corpus.recorded import DATA


@pytest.fixture(autouse=True, scope="module")
def _data() -> None:
    if not DATA.is_dir() and os.environ.get("CI") != "true":
        pytest.skip(f"the recorded audio is not at {DATA}")
