"""The head on YAMNet: its errors without YAMNet."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from earshot.analysis.errors import Misconfigured
from earshot.models.checkpoints import catalog
from earshot.models.checkpoints.location import MODELS
from earshot.models.metadata import HeadMetadata
from earshot.models.onnx_model import open_model
from earshot.settings import settings
from workers import noise
from workers.checkpoints_present import check_present

ENTRY = next(entry for entry in catalog.load() if entry.name == "noise-yamnet-2")


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """An installation that has pulled nothing."""
    monkeypatch.setenv("EARSHOT_HOME", str(tmp_path))
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.usefixtures("bare")
def test_without_yamnet_it_says_what_to_fetch() -> None:
    with pytest.raises(Misconfigured, match="earshot models pull yamnet-1"):
        noise.load(ENTRY.release(), "cpu")


@pytest.mark.usefixtures("bare")
def test_without_yamnet_a_worker_does_not_start() -> None:
    with pytest.raises(Misconfigured, match="earshot models pull yamnet-1"):
        check_present(ENTRY.release(), settings())


def test_the_catalog_knows_what_it_stands_on() -> None:
    base = open_model(ENTRY.release(), settings()).metadata(HeadMetadata).base
    assert base in {entry.name for entry in catalog.load()}


def test_no_weight_of_yamnet_is_in_it() -> None:
    assert (MODELS / ENTRY.uri).stat().st_size < 150_000, (
        "1024 features to 24 sounds, and nothing before them"
    )


def test_a_temperature_on_the_mean_sharpens_and_keeps_the_order() -> None:
    shares = np.array([0.5, 0.3, 0.2], np.float32)
    sharp = noise.tempered(shares, 0.5)
    assert sharp.sum() == pytest.approx(1)
    np.testing.assert_allclose(sharp, shares**2 / (shares**2).sum(), rtol=1e-5)
    np.testing.assert_allclose(noise.tempered(shares, 1.0), shares, rtol=1e-6)
    assert noise.tempered(np.array([1.0, 0.0], np.float32), 0.3).tolist() == [1.0, 0.0]
