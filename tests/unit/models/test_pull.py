"""Pulling from a hub: broken lines, wrong bytes, and what is written down of it. The hub is real
HTTP on this machine."""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from earshot.analysis.errors import EarshotError, Forbidden, Misconfigured, Unavailable
from earshot.models.checkpoints import lock
from earshot.models.checkpoints.catalog import Checkpoint
from earshot.models.checkpoints.location import differences, expected
from earshot.models.checkpoints.pull import Shelf, pull
from earshot.settings import PROJECT
from tests import hub as hubs
from tests.hub import Hub

DYING = """
import os, sys
from pathlib import Path
from earshot.models.checkpoints.pull import Shelf, pull
from tests.unit.models.test_pull import entry
folder, left = Path(sys.argv[1]), [int(sys.argv[3])]
def watched(event, arguments):
    if event == "os.rename" and str(arguments[1]).endswith(("tiny-1", "tiny-1.old")):
        if left[0] == 0:
            os._exit(9)
        left[0] -= 1
    elif event == "shutil.rmtree" and Path(arguments[0]).name == "tiny-1.old":
        if os.path.exists(arguments[0]):
            os._exit(9)
sys.addaudithook(watched)
pull(entry(), Shelf(folder, sys.argv[2]), lambda *_: None, list)
"""
"""A pull whose process ends as by a power cut, at one of the steps of
``earshot.models.checkpoints.pull``."""

WEIGHTS = Random(0).randbytes(300_000)
CONFIG = b'{"model_type": "tiny"}'


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setenv("HF_TOKEN", "the-token")
    with hubs.running() as started:
        started.put("org/tiny", config__json=CONFIG, model__bin=WEIGHTS, README__md=b"# read me")
        yield started


def entry(uri: str = "hf:org/tiny", **changes: object) -> Checkpoint:
    kept = {
        "name": "tiny-1",
        "analysis": "asr",
        "runtime": "x",
        "sample_rate": 16_000,
        "licence": "MIT",
        "commercial": True,
    }
    return Checkpoint.model_validate({**kept, "uri": uri, "files": ["*.json", "*.bin"], **changes})


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def pulled(wanted: Checkpoint, folder: Path, mirror: str) -> bool:
    return pull(
        wanted,
        Shelf(folder, mirror),
        lambda path, done, total: None,
        pytest.fail,
    )


def test_what_is_wanted_of_a_repository_is_there_and_written_down(hub: Hub, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    assert pull(entry(), Shelf(tmp_path, hub.url), lambda *told: seen.append(told), list) is True
    assert (tmp_path / "tiny-1" / "model.bin").read_bytes() == WEIGHTS
    assert sorted(path.name for path in (tmp_path / "tiny-1").iterdir()) == [
        "config.json",
        "model.bin",
    ]
    locked = lock.read(tmp_path).of(entry())
    assert locked is not None
    assert locked.revision == next(iter(hub.repositories["org/tiny"]))
    assert locked.digests == {"config.json": sha(CONFIG), "model.bin": sha(WEIGHTS)}
    assert seen[-1] == ("model.bin", len(WEIGHTS), len(WEIGHTS))
    assert pulled(entry(), tmp_path, hub.url) is False
    assert len(hub.asked) == 2


def test_the_token_goes_to_the_hub_and_to_no_other_host(hub: Hub, tmp_path: Path) -> None:
    hub.token = "the-token"
    assert pulled(entry(gated=True), tmp_path, hub.url)
    assert {path: token for path, _, token in hub.asked} == {
        "org/tiny/config.json": "Bearer the-token",
        "org/tiny/model.bin": "",
    }


def test_a_broken_line_goes_on_where_it_broke(hub: Hub, tmp_path: Path) -> None:
    hub.breaks_after = [len(CONFIG), 100_000, 50_000]
    assert pulled(entry(), tmp_path, hub.url)
    assert hub.requests("model.bin") == ["", "bytes=100000-", "bytes=150000-"]
    assert hub.sent == len(CONFIG) + len(WEIGHTS)
    assert (tmp_path / "tiny-1" / "model.bin").read_bytes() == WEIGHTS


def test_what_was_given_up_is_gone_on_with_by_the_next_pull(hub: Hub, tmp_path: Path) -> None:
    hub.breaks_after = [len(CONFIG), 200_000, 0, 0, 0]
    with pytest.raises(Unavailable, match="200000 bytes are kept") as caught:
        pulled(entry(), tmp_path, hub.url)
    assert len(str(caught.value).splitlines()) == 1
    assert not (tmp_path / "tiny-1").exists()
    assert lock.read(tmp_path).checkpoints == {}
    hub.asked.clear()
    assert pulled(entry(), tmp_path, hub.url)
    assert [asked for _, asked, _ in hub.asked] == ["bytes=200000-"]
    assert (tmp_path / "tiny-1" / "model.bin").read_bytes() == WEIGHTS


def test_nothing_of_one_commit_is_gone_on_with_at_another(hub: Hub, tmp_path: Path) -> None:
    hub.breaks_after = [len(CONFIG), 200_000, 0, 0, 0]
    with pytest.raises(Unavailable):
        pulled(entry(), tmp_path, hub.url)
    other = Random(1).randbytes(300_000)
    hub.put("org/tiny", config__json=CONFIG, model__bin=other)
    assert pulled(entry(), tmp_path, hub.url)
    assert (tmp_path / "tiny-1" / "model.bin").read_bytes() == other


def test_a_server_without_ranges_sends_it_all_again(hub: Hub, tmp_path: Path) -> None:
    hub.ranges = False
    hub.breaks_after = [len(CONFIG), 100_000]
    assert pulled(entry(), tmp_path, hub.url)
    assert (tmp_path / "tiny-1" / "model.bin").read_bytes() == WEIGHTS


def test_a_busy_server_is_asked_again_and_then_left(hub: Hub, tmp_path: Path) -> None:
    hub.busy = True
    with pytest.raises(Unavailable, match="answers 503"):
        pulled(entry(), tmp_path, hub.url)
    assert len(hub.asked) == 3


@pytest.mark.parametrize(
    ("uri", "changes", "kind", "says"),
    [
        ("hf:org/tiny@" + "0" * 40, {}, Misconfigured, "no revision 0000"),
        ("hf:org/nothing", {}, Forbidden, "does not show org/nothing"),
        ("hf:org/tiny/too/long", {}, Misconfigured, "no name of a repository"),
        ("hf:org/tiny", {"files": ["*.onnx"]}, Misconfigured, r"has no file that fits \*\.onnx"),
        ("hf:org/tiny", {"digests": {"vocab.txt": "0" * 64}}, Misconfigured, "has no vocab.txt"),
    ],
)
def test_what_is_not_there_is_one_line(
    hub: Hub,
    tmp_path: Path,
    uri: str,
    changes: dict[str, object],
    kind: type[EarshotError],
    says: str,
) -> None:
    with pytest.raises(kind, match=says) as caught:
        pulled(entry(uri, **changes), tmp_path, hub.url)
    assert len(str(caught.value).splitlines()) == 1
    assert hub.asked == []


def test_a_gated_one_says_where_to_ask(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.token = "another"
    with pytest.raises(
        Forbidden, match="gated, and the account of that token has not accepted its conditions"
    ):
        pulled(entry(gated=True), tmp_path, hub.url)


def test_bytes_that_are_not_the_announced_ones_are_thrown_away(hub: Hub, tmp_path: Path) -> None:
    hub.hashes["model.bin"] = "0" * 64
    with pytest.raises(Misconfigured, match="it was thrown away"):
        pulled(entry(), tmp_path, hub.url)
    assert not list(tmp_path.rglob("model.bin*"))
    assert not (tmp_path / "tiny-1").exists()


def test_a_pinned_file_that_the_hub_has_not_is_refused_before_it_is_fetched(
    hub: Hub, tmp_path: Path
) -> None:
    wanted = entry(digests={"config.json": sha(CONFIG), "model.bin": sha(b"other")})
    with pytest.raises(Misconfigured, match="nothing was fetched"):
        pulled(wanted, tmp_path, hub.url)
    assert hub.asked == []


def test_the_lock_holds_later_pulls_to_the_first_one(hub: Hub, tmp_path: Path) -> None:
    assert pulled(entry(), tmp_path, hub.url)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / lock.NAME).rename(tmp_path / "elsewhere" / lock.NAME)
    hub.put("org/tiny", config__json=CONFIG, model__bin=Random(2).randbytes(300_000))
    assert pulled(entry(), tmp_path / "elsewhere", hub.url)
    assert (tmp_path / "elsewhere" / "tiny-1" / "model.bin").read_bytes() == WEIGHTS


def test_an_altered_file_is_found_and_replaced(hub: Hub, tmp_path: Path) -> None:
    assert pulled(entry(), tmp_path, hub.url)
    weights = tmp_path / "tiny-1" / "model.bin"
    weights.write_bytes(WEIGHTS[:-1] + bytes([WEIGHTS[-1] ^ 1]))
    assert differences(tmp_path / "tiny-1", expected(entry(), tmp_path))[0].startswith(
        "model.bin has sha256"
    )
    assert pulled(entry(), tmp_path, hub.url)
    assert weights.read_bytes() == WEIGHTS


@pytest.mark.parametrize("survives", [0, 1, 2])
def test_a_pull_that_ends_while_folders_change_places_is_put_right_by_the_next(
    hub: Hub, tmp_path: Path, survives: int
) -> None:
    """Ended for good before the first, the second, or the deletion after both of these renames."""
    assert pulled(entry(), tmp_path, hub.url)
    (tmp_path / "tiny-1" / "model.bin").write_bytes(b"altered")
    hub.asked.clear()
    done = subprocess.run(
        [sys.executable, "-c", DYING, str(tmp_path), hub.url, str(survives)],
        cwd=PROJECT,
        check=False,
    )
    assert done.returncode == 9
    assert (tmp_path / "tiny-1").exists() == (survives != 1)
    hub.busy = True  # files cannot be fetched again, and need not be
    assert pulled(entry(), tmp_path, hub.url) is (survives < 2)
    assert sorted(path.name for path in (tmp_path / "tiny-1").iterdir()) == [
        "config.json",
        "model.bin",
    ]
    assert (tmp_path / "tiny-1" / "model.bin").read_bytes() == WEIGHTS
    assert [path.name for path in (tmp_path / ".partial").iterdir() if path.is_dir()] == []
    assert len(hub.asked) == 2


def test_what_was_set_aside_comes_back_though_the_hub_is_away(hub: Hub, tmp_path: Path) -> None:
    assert pulled(entry(), tmp_path, hub.url)
    (tmp_path / "tiny-1").rename(tmp_path / ".partial" / "tiny-1.old")
    assert pulled(entry(), tmp_path, "http://127.0.0.1:1") is False
    assert differences(tmp_path / "tiny-1", expected(entry(), tmp_path)) == []


def test_no_file_leads_out_of_the_folder(hub: Hub, tmp_path: Path) -> None:
    hub.repositories["org/evil"] = {"a" * 40: {"../../evil.json": b"{}"}}
    with pytest.raises(Misconfigured, match="cannot be kept"):
        pulled(entry("hf:org/evil"), tmp_path / "models", hub.url)
    assert not list(tmp_path.rglob("evil.json"))


def test_a_full_disk_is_told_before_anything_is_fetched(hub: Hub, tmp_path: Path) -> None:
    hub.sizes["model.bin"] = 10**15
    with pytest.raises(Unavailable, match="make room, or set EARSHOT_MODELS_DIR") as caught:
        pulled(entry(), tmp_path, hub.url)
    assert caught.value.code == "disk_full"
    assert hub.asked == []


@pytest.mark.parametrize("more", [10, -10])
def test_a_size_that_is_not_true_ends_in_a_line_and_not_in_a_loop(
    hub: Hub, tmp_path: Path, more: int
) -> None:
    hub.sizes["model.bin"] = len(WEIGHTS) + more
    with pytest.raises(Unavailable, match="cannot be fetched"):
        pulled(entry(), tmp_path, hub.url)
    assert len(hub.requests("model.bin")) < 8
    hub.sizes.clear()
    assert pulled(entry(), tmp_path, hub.url)


@pytest.mark.parametrize("answer", [b"<html>", b"{}", b"[]", b'{"id": "org/tiny"}'])
def test_a_server_that_is_no_hub_is_one_line(hub: Hub, tmp_path: Path, answer: bytes) -> None:
    hub.repositories["some/web"] = {"v1": {"api/models/org/tiny": answer}}
    with pytest.raises(EarshotError, match=r"its hub does not answer|it is no hub") as caught:
        pulled(entry(), tmp_path, f"{hub.url}/cdn/some/web/v1")
    assert len(str(caught.value).splitlines()) == 1


def test_a_hub_that_is_away_is_one_line(tmp_path: Path) -> None:
    with hubs.running() as gone:
        url = gone.url
    with pytest.raises(Unavailable, match="its hub does not answer") as caught:
        pulled(entry(), tmp_path, url)
    assert len(str(caught.value).splitlines()) == 1
