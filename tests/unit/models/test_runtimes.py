"""The table of runtimes: each entry of the catalog has a line, each line a function and a use."""

import ast
from importlib.util import find_spec
from pathlib import Path

import pytest

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Release
from earshot.models.checkpoints import catalog
from earshot.models.runtimes import ENDPOINT, RUNTIMES, open_release
from earshot.settings import PROJECT, settings


def test_every_entry_of_the_catalog_has_a_runtime() -> None:
    for entry in catalog.load():
        assert (entry.analysis, entry.runtime) in RUNTIMES, entry.name


def test_no_line_is_dead() -> None:
    """All are in the catalog but that of endpoints, whose release is made of settings."""
    used = {(entry.analysis, entry.runtime) for entry in catalog.load()}
    assert set(RUNTIMES) - used == {("asr", ENDPOINT)}


@pytest.mark.parametrize("key", RUNTIMES, ids="-".join)
def test_every_line_names_a_function_of_release_device_and_options(key: tuple[str, str]) -> None:
    """Read and not imported, since not every installation has the packages of all."""
    module, _, function = RUNTIMES[key].opener.partition(":")
    found = find_spec(f"earshot.models.{module}")
    assert found is not None
    assert found.origin is not None
    tree = ast.parse(Path(found.origin).read_text(encoding="utf-8"))
    (opener,) = [
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function
    ]
    assert [each.arg for each in opener.args.args] == ["release", "device", "options"]
    assert (PROJECT / "requirements" / f"{RUNTIMES[key].requirements}.txt").is_file()


@pytest.mark.parametrize(
    "entry", [each for each in catalog.load() if each.at_hand], ids=lambda each: each.name
)
def test_every_checkpoint_at_hand_opens(entry: catalog.Checkpoint) -> None:
    if entry.name == "noise-yamnet-2":
        pytest.skip("stands on yamnet-1, which has to be fetched (test_noise_on_yamnet.py)")
    assert open_release(entry.release(), "cpu", settings()) is not None


@pytest.mark.parametrize(
    ("analysis", "knows"),
    [
        ("scene", "onnx, yamnet"),
        ("sentiment", "onnx"),
        ("diarization", "ge2e, onnx, pyannote"),
    ],
)
def test_a_runtime_that_there_is_not_is_one_line(analysis: str, knows: str) -> None:
    release = Release(analysis=analysis, name="x-1", runtime="nemo", uri="x", sha256="")
    with pytest.raises(Misconfigured) as raised:
        open_release(release, "cpu", settings())
    assert str(raised.value) == (
        f"{analysis} has no runtime 'nemo' (release x-1); it knows {knows}"
    )
