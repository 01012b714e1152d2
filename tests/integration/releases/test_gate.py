"""A candidate is registered whole or not at all, and compared with the release that answers."""

import json
import subprocess
from pathlib import Path

import pytest

from cli.releases import signing
from cli.releases.changing import promote_named, register_folder
from earshot.analysis.errors import Misconfigured, Permanent
from earshot.settings import settings
from earshot.storage.postgres import db, releases
from earshot.storage.releases import registered
from tests.integration.releases.trained import trained

pytestmark = pytest.mark.integration


@pytest.fixture
def folder(own_settings: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "bars.toml").write_text("[default]\nfewest_recordings = 6\nfewest_groups = 6\n")
    monkeypatch.setenv("EARSHOT_RELEASE_BARS", str(tmp_path / "bars.toml"))
    settings.cache_clear()
    return trained(tmp_path / "outputs", 3)


def test_a_candidate_that_is_no_better_is_refused_and_forced_with_a_reason(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    register_folder(folder, "noise-copy", None, as_json=True)
    assert json.loads(capsys.readouterr().out)["new"]
    assert promote_named("noise-copy", None, None, force=False, as_json=True) == 1
    verdict = json.loads(capsys.readouterr().out)
    assert (verdict["recordings"], verdict["groups"], verdict["learnt"]) == (9, 9, 0)
    assert (verdict["difference"], verdict["lost"]) == (0, [])
    assert verdict["candidate_value"] == verdict["active_value"]
    assert verdict["refused"][0]["code"] == "not_better"
    assert verdict["background"]["generated"]
    assert verdict["latency_ms"] > 0
    with pytest.raises(Misconfigured, match="--force needs --why"):
        promote_named("noise-copy", None, " ", force=True, as_json=True)
    with db.once() as connection:
        assert registered.find(connection, "noise-copy").stage == "candidate"
        assert promote_named("noise-copy", None, "a trial", force=True, as_json=True) == 0
        [last] = registered.events(connection, "noise")[-1:]
        assert (last.release, last.to_stage, last.why, last.forced) == (
            "noise-copy",
            "active",
            "a trial",
            True,
        )
        assert last.metrics is not None
        assert last.metrics["difference"] == 0
        assert releases.active(connection)["noise"].name == "noise-copy"
        connection.execute("DELETE FROM release")


def test_what_was_altered_is_neither_registered_nor_compared(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (folder / "noise.onnx").open("ab") as file:
        file.write(b"more")
    with pytest.raises(Misconfigured, match="it was changed"):
        register_folder(folder, "noise-altered", None, as_json=False)
    (folder / "trained.json").rename(folder / "unfinished")
    with pytest.raises(Misconfigured, match="a finished `earshot train` writes it"):
        register_folder(folder, "noise-altered", None, as_json=False)
    with db.once() as connection:
        with pytest.raises(Permanent, match="no release noise-altered"):
            registered.find(connection, "noise-altered")
        register_folder(trained(folder, 3), "noise-held", None, as_json=False)
        holdout = registered.find(connection, "noise-held").holdout
        assert holdout is not None
        Path(holdout).write_text("{}\n")
        capsys.readouterr()
        assert promote_named("noise-held", None, None, force=False, as_json=True) == 1
        verdict = json.loads(capsys.readouterr().out)
        assert [each["code"] for each in verdict["refused"]] == ["holdout_changed"]
        connection.execute("DELETE FROM release")


def test_files_that_travel_are_signed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("model_signing.signing")
    key, public = folder.parent / "key.pem", folder.parent / "key.pub"
    made = ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(key)]
    subprocess.run(made, check=True)
    subprocess.run(
        ["openssl", "ec", "-in", str(key), "-pubout", "-out", str(public)],
        check=True,
        capture_output=True,
    )
    signing.sign_files(str(folder), key, None)
    assert signing.verify_files(str(folder), public, None) == 0
    (folder / "noise.onnx").write_bytes(b"another")
    assert signing.verify_files(str(folder), public, None) == 1
    assert "noise.onnx" in capsys.readouterr().err
