"""Checkpoints that are made up of two entries, an adapter and what it adapts, and entries that
share their files."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.terminal.explain import USAGE
from earshot.analysis.errors import Forbidden, Misconfigured
from earshot.analysis.types import Release
from earshot.models.checkpoints import catalog
from earshot.models.checkpoints.location import digest, locate, locate_parts
from earshot.settings import settings
from tests.unit.cli.test_errors import earshot

CATALOG = """
[[checkpoint]]
name = "base-1"
analysis = "asr"
runtime = "transformers-voxtral"
uri = "file:{home}/base"
sample_rate = 16000
licence = "of the base"
commercial = {free}

[[checkpoint]]
name = "adapter-1"
analysis = "asr"
runtime = "transformers-voxtral"
uri = "file:{home}/adapter"
base = "base-1"
sample_rate = 16000
licence = "MIT"
commercial = true

[[checkpoint]]
name = "moods-1"
analysis = "emotion"
runtime = "transformers-voxtral"
uri = "catalog:adapter-1"
labels = ["happy", "sad"]
sample_rate = 16000
licence = "MIT"
commercial = true
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the catalog, what it names and the models folder are; settings of this process are
    those of it."""
    for name in ("base", "adapter"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text(f'"{name}"')
        (tmp_path / name / "weights.bin").write_bytes(name.encode() * 100)
    told(tmp_path)
    monkeypatch.setenv("EARSHOT_MODELS_CATALOG", str(tmp_path / "own.toml"))
    monkeypatch.setenv("EARSHOT_MODELS_DIR", str(tmp_path / "models"))
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


def told(home: Path, free: str = "true", **changes: str) -> Path:
    text = CATALOG.format(home=home, free=free)
    for before, after in changes.items():
        assert before in text
        text = text.replace(before, after)
    path = home / "own.toml"
    path.write_text(text)
    return path


def models(home: Path, *words: str, **named: str) -> "subprocess.CompletedProcess[str]":
    return earshot(
        home,
        "models",
        *words,
        models_catalog=str(home / "own.toml"),
        models_dir=str(home / "models"),
        **named,
    )


def release(home: Path, name: str) -> Release:
    return next(entry for entry in catalog.known(home / "own.toml") if entry.name == name).release()


def listed(home: Path) -> dict[str, dict[str, object]]:
    rows = [json.loads(line) for line in models(home, "list", "--json").stdout.splitlines()]
    return {row["name"]: row for row in rows}


def test_pulling_an_adapter_or_what_shares_it_fetches_all_of_it(home: Path) -> None:
    with pytest.raises(
        Misconfigured,
        match=(
            "base-1, which moods-1 needs, is not here; fetch it with `earshot models pull moods-1`"
        ),
    ):
        locate(release(home, "moods-1"), settings())
    done = models(home, "pull", "moods-1", "adapter-1")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"{name}: pulled, {home}/models/{name}" for name in ("base-1", "adapter-1")
    ]
    folders = (home / "models" / "base-1", home / "models" / "adapter-1")
    assert (
        locate_parts(release(home, "moods-1"), settings()).paths
        == locate_parts(release(home, "adapter-1"), settings()).paths
        == folders
    )
    assert not (home / "models" / "moods-1").exists()
    assert [listed(home)[name]["state"] for name in ("base-1", "adapter-1", "moods-1")] == [
        "pulled"
    ] * 3


def test_an_altered_base_is_told_of_whoever_stands_on_it(home: Path) -> None:
    models(home, "pull", "adapter-1")
    assert models(home, "verify", "moods-1").stdout == "base-1: whole\nadapter-1: whole\n"
    (home / "models" / "base-1" / "weights.bin").write_bytes(b"other")
    wrong = models(home, "verify", "moods-1")
    assert wrong.returncode == 1
    assert "base-1: put right with `earshot models pull base-1`" in wrong.stderr
    for name in ("adapter-1", "moods-1"):
        with pytest.raises(
            Misconfigured,
            match=f"{name} needs base-1: .*weights.bin has sha256.*models pull {name}`",
        ):
            locate(release(home, name), settings())
    assert models(home, "pull", "moods-1").returncode == 0
    locate(release(home, "moods-1"), settings())


def test_a_release_is_held_to_the_bytes_of_both(home: Path) -> None:
    models(home, "pull", "moods-1")
    known = catalog.known(home / "own.toml")
    (moods,) = (entry for entry in known if entry.name == "moods-1")
    meant = moods.release().model_copy(
        update={"sha256": digest(catalog.parts(moods, known), home / "models")}
    )
    assert locate_parts(meant, settings()).sha256 == meant.sha256
    (home / "base" / "weights.bin").write_bytes(b"a newer one")
    (home / "models" / "models.lock").unlink()
    assert models(home, "pull", "moods-1").returncode == 0
    with pytest.raises(Misconfigured, match="is not the one that the release means"):
        locate(meant, settings())


def test_all_licences_count(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told(home, free="false")
    for name in ("adapter-1", "moods-1"):
        refused = models(home, "pull", name)
        assert (refused.returncode, refused.stdout) == (USAGE, "")
        assert "earshot: base-1: its licence (of the base) forbids commercial use" in refused.stderr
    assert not (home / "models" / "base-1").exists()
    assert [listed(home)[name]["commercial"] for name in ("adapter-1", "moods-1")] == [False, False]
    assert models(home, "pull", "moods-1", commercial_use="false").returncode == 0
    monkeypatch.setenv("EARSHOT_COMMERCIAL_USE", "true")
    settings.cache_clear()
    with pytest.raises(Forbidden, match="base-1: its licence"):
        locate(release(home, "moods-1"), settings())


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (
            'base = "base-1"',
            'base = "gone-1"',
            "base of adapter-1 names gone-1, which the catalog does not have",
        ),
        (
            "catalog:adapter-1",
            "catalog:gone-1",
            "uri of moods-1 names gone-1, which the catalog does not have",
        ),
        (
            "catalog:adapter-1",
            "catalog:moods-1",
            "uri of moods-1 names moods-1, which has no fetched files of its own",
        ),
        (
            'base = "base-1"',
            'base = "moods-1"',
            "base of adapter-1 names moods-1, which has no fetched files of its own",
        ),
        (
            'base = "base-1"',
            'base = "adapter-1"',
            "base of adapter-1 names adapter-1, which has no fetched files of its own",
        ),
        (
            'base = "base-1"',
            'base = "whisper-small-1"',
            "which is for transformers-whisper at 16000 Hz, not transformers-voxtral",
        ),
        (
            'uri = "catalog:adapter-1"',
            'uri = "catalog:adapter-1"\nbase = "base-1"',
            "are those of adapter-1: say them there alone",
        ),
    ],
)
def test_a_link_that_leads_nowhere_is_refused(
    home: Path, before: str, after: str, says: str
) -> None:
    told(home, **{before: after})
    with pytest.raises(Misconfigured, match=says):
        catalog.known(home / "own.toml")
