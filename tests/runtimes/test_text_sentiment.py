"""Models of text sentiment by path: transformers, and ONNX without it, with the shares of the
library; a model for each role."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from earshot.models.text.by_path import identity, open_path
from earshot.models.text.model import TooLong
from earshot.models.text.tokens import OnnxTokens
from earshot.settings import settings
from tests.unit.sentiment.test_worker import analysed, turns

pytestmark = pytest.mark.runtimes
TEXT = "I am not happy, the line is dead again"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    for package in ("torch", "transformers"):
        pytest.importorskip(package, reason="the extra gpu is not installed")
    from tests.runtimes.tiny import text

    folder = tmp_path_factory.mktemp("text")
    for seed, role in enumerate(("client", "agent")):
        text.save(folder / role, seed)
    text.export(folder / "client", folder / "onnx")
    return {name: folder / name for name in ("client", "agent", "onnx")}


@pytest.fixture(autouse=True)
def unset() -> Iterator[None]:
    yield
    settings.cache_clear()


def test_both_runtimes_have_the_labels_and_shares_of_the_library(saved: dict[str, Path]) -> None:
    from transformers import pipeline

    library = pipeline("text-classification", model=str(saved["client"]), top_k=None)
    expected = {each["label"].lower(): each["score"] for each in library([TEXT])[0]}
    for name in ("client", "onnx"):
        model = open_path(saved[name], "cpu")
        shares = model.shares(TEXT)
        assert shares is not None
        assert model.labels == ("negative", "neutral", "positive")
        assert dict(zip(model.labels, shares.tolist(), strict=True)) == pytest.approx(
            expected, abs=1e-4
        )
        with pytest.raises(TooLong):
            model.shares("the service is bad " * 20)
    assert isinstance(open_path(saved["onnx"], "cpu"), OnnxTokens)


def test_each_role_is_scored_by_the_model_of_its_setting(
    saved: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARSHOT_CLIENT_TEXT_MODEL_PATH", str(saved["onnx"]))
    monkeypatch.setenv("EARSHOT_AGENT_TEXT_MODEL_PATH", str(saved["agent"]))
    settings.cache_clear()
    found = analysed(tmp_path, turns()[:4], "fr")
    models = {"customer": identity(saved["onnx"]), "agent": identity(saved["agent"])}
    assert models.items() <= found.models.items()
    roles = [turn.role for turn in turns()[:4]]
    assert [each.model for each in found.turns] == [models[role or ""] for role in roles]
    said = turns()[1]
    shares = open_path(saved["client"], "cpu").shares(said.text)
    assert shares is not None
    assert found.turns[1].scores is not None
    assert list(found.turns[1].scores.values()) == pytest.approx(np.asarray(shares), abs=1e-3)
