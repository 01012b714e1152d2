"""Checkpoints that do not come from a hub: single files on web servers, mirrors, folders of one's
own."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from earshot.analysis.errors import EarshotError, Forbidden, Misconfigured, Permanent, Unavailable
from earshot.models.checkpoints import lock
from earshot.models.checkpoints.catalog import Checkpoint
from earshot.models.checkpoints.state import standing
from tests import hub as hubs
from tests.hub import Hub
from tests.unit.models.test_pull import entry, pulled, sha

WEIGHTS = Random(0).randbytes(200_000)


@pytest.fixture
def web() -> Iterator[Hub]:
    """Files under ``/cdn/org/models/v1/``, without the hub's knowledge of them."""
    with hubs.running() as started:
        started.repositories["org/models"] = {
            "v1": {"x.onnx": WEIGHTS, "web-1/x.onnx": WEIGHTS, "web-1/sub/y.json": b"{}"}
        }
        yield started


def file_on(web: Hub, content: bytes = WEIGHTS, **changes: object) -> Checkpoint:
    return entry(
        f"{web.url}/cdn/org/models/v1/x.onnx",
        name="web-1",
        sha256=sha(content),
        files=[],
        **changes,
    )


def test_a_file_of_a_web_server_is_resumed_and_checked(web: Hub, tmp_path: Path) -> None:
    web.breaks_after = [150_000]
    assert pulled(file_on(web), tmp_path, "")
    assert (tmp_path / "web-1" / "x.onnx").read_bytes() == WEIGHTS
    assert web.requests("x.onnx") == ["", "bytes=150000-"]
    assert pulled(file_on(web), tmp_path, "") is False


def test_a_beginning_of_another_file_does_not_stay(web: Hub, tmp_path: Path) -> None:
    part = tmp_path / ".partial" / "web-1" / "x.onnx.part"
    part.parent.mkdir(parents=True)
    (part.parent / ".commit").write_text("")
    part.write_bytes(
        Random(1).randbytes(300_000)
    )  # longer than the file: the server has nothing to add to it
    assert pulled(file_on(web), tmp_path, "")
    part.parent.mkdir(parents=True)
    (part.parent / ".commit").write_text("")
    part.write_bytes(b"x" * 100)
    (tmp_path / "web-1" / "x.onnx").unlink()
    with pytest.raises(Misconfigured, match="it was thrown away"):
        pulled(file_on(web), tmp_path, "")
    assert pulled(file_on(web), tmp_path, "")


@pytest.mark.parametrize(
    ("path", "kind", "says"),
    [
        ("org/models/v1/z.onnx", Permanent, "answers 404"),
        ("closed", Forbidden, "may not be read"),
        ("gone", Unavailable, "refused"),
    ],
)
def test_what_a_web_server_refuses_is_one_line(
    web: Hub, tmp_path: Path, path: str, kind: type[EarshotError], says: str
) -> None:
    url = {
        "closed": f"{web.url}/org/models/resolve/v1/x.onnx",
        "gone": "http://127.0.0.1:1/x.onnx",
    }.get(path)
    web.token = "needed"
    with pytest.raises(kind, match=says) as caught:
        pulled(
            entry(url or f"{web.url}/cdn/{path}", name="web-1", sha256="0" * 64, files=[]),
            tmp_path,
            "",
        )
    assert len(str(caught.value).splitlines()) == 1


def test_a_mirror_server_holds_single_files_below_the_names_of_their_checkpoints(
    web: Hub, tmp_path: Path
) -> None:
    digests = {"x.onnx": sha(WEIGHTS), "sub/y.json": sha(b"{}")}
    wanted = entry("https://nowhere.invalid/models/", name="web-1", digests=digests, files=[])
    assert pulled(wanted, tmp_path, f"{web.url}/cdn/org/models/v1")
    assert (tmp_path / "web-1" / "sub" / "y.json").read_bytes() == b"{}"
    with pytest.raises(Misconfigured, match="its entry needs digests"):
        pulled(entry("mirror:x", name="open-1", files=[]), tmp_path, web.url)


@pytest.mark.parametrize("place", ["tiny-1", "org/tiny"])
def test_a_mirror_folder_is_laid_out_as_a_models_folder_or_as_the_hub(
    tmp_path: Path, place: str
) -> None:
    there = tmp_path / "mirror" / place
    (there / "sub").mkdir(parents=True)
    (there / "model.bin").write_bytes(WEIGHTS)
    (there / "sub" / "config.json").write_bytes(b"{}")
    (there / "README.md").write_text("not wanted")
    assert pulled(entry("hf:org/tiny@main"), tmp_path / "models", str(tmp_path / "mirror"))
    locked = lock.read(tmp_path / "models").of(entry("hf:org/tiny@main"))
    assert locked is not None
    assert locked.digests == {"model.bin": sha(WEIGHTS), "sub/config.json": sha(b"{}")}


def test_a_single_file_of_a_mirror_folder(tmp_path: Path) -> None:
    (tmp_path / "mirror" / "nets").mkdir(parents=True)
    (tmp_path / "mirror" / "nets" / "x.onnx").write_bytes(WEIGHTS)
    wanted = entry("mirror:nets/x.onnx", sha256=sha(WEIGHTS), files=[])
    assert pulled(wanted, tmp_path / "models", f"file://{tmp_path}/mirror")
    assert (tmp_path / "models" / "tiny-1" / "x.onnx").read_bytes() == WEIGHTS
    with pytest.raises(Misconfigured, match="is neither at"):
        pulled(
            entry("mirror:nets/y.onnx", name="other-1", sha256="0" * 64, files=[]),
            tmp_path / "models",
            str(tmp_path),
        )
    with pytest.raises(Misconfigured, match="published nowhere: set EARSHOT_MODELS_MIRROR"):
        pulled(entry("mirror:nets/y.onnx", name="other-1", files=[]), tmp_path / "models", "")


def test_a_file_that_is_called_otherwise_on_the_mirror_is_checked_and_kept_under_its_name(
    tmp_path: Path,
) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "tiny-1").write_bytes(WEIGHTS)
    wanted = entry("https://nowhere.invalid/x.onnx", sha256=sha(WEIGHTS), files=[])
    assert pulled(wanted, tmp_path / "models", str(mirror))
    assert [path.name for path in (tmp_path / "models" / "tiny-1").iterdir()] == ["x.onnx"]
    assert standing(wanted, tmp_path / "models", thorough=True).state == "pulled"
    locked = lock.read(tmp_path / "models").of(wanted)
    assert locked is not None
    assert locked.digests == {"x.onnx": sha(WEIGHTS)}
    assert pulled(wanted, tmp_path / "models", str(mirror)) is False
    (mirror / "tiny-1").write_bytes(b"another")
    with pytest.raises(Misconfigured, match="it was thrown away"):
        pulled(wanted, tmp_path / "others", str(mirror))
    several = entry("mirror:x", digests={"a.bin": "0" * 64, "b.bin": "0" * 64}, files=[])
    with pytest.raises(Misconfigured, match=r"has no a\.bin, b\.bin"):
        pulled(several, tmp_path / "others", str(mirror))


def test_a_folder_of_ones_own(tmp_path: Path) -> None:
    own = tmp_path / "my models" / "mine"
    own.mkdir(parents=True)
    (own / "model.bin").write_bytes(WEIGHTS)
    (own / ".git").mkdir()
    (own / ".git" / "old.bin").write_bytes(b"history")
    assert pulled(entry(own.as_uri()), tmp_path / "models", "https://mirrors.are.not.asked.invalid")
    assert [path.name for path in (tmp_path / "models" / "tiny-1").iterdir()] == ["model.bin"]


def test_a_damaged_lock_is_one_line(tmp_path: Path) -> None:
    (tmp_path / lock.NAME).write_text('{"checkpoints": {"tiny-1": {}}}')
    with pytest.raises(Misconfigured, match="is damaged") as caught:
        pulled(entry(), tmp_path, "")
    assert len(str(caught.value).splitlines()) == 1
