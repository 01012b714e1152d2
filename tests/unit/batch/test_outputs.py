"""Files of a run: their names, and that each is whole or not there; the example of settings."""

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from celery.schedules import crontab

from cli.batch.chosen import use
from cli.batch.outputs import NAMES, Outputs
from earshot.analysis.call_config import CallConfig
from earshot.analysis.errors import Misconfigured
from earshot.settings import CONFIG, PROJECT, Settings, settings
from tests.unit.cli.test_config_yaml import OF_002

AT = datetime(2026, 11, 30, 2, 0, 59)


def test_names_of_one_run_have_one_time_that_no_other_run_has(tmp_path: Path) -> None:
    first = Outputs(tmp_path / "output", tmp_path / "logs", AT)
    assert first.write(NAMES[0], ["a,b\r\n"]).name == "optimized_results_20261130_020059.csv"
    second = Outputs(tmp_path / "output", tmp_path / "logs", AT)
    assert second.write(NAMES[2], ["{}"]).name == "failed_calls_20261130_020100.json"
    assert second.log.name == "optimized_processing_20261130_020100.log"


def test_a_file_that_is_cut_off_is_not_there(tmp_path: Path) -> None:
    outputs = Outputs(tmp_path, tmp_path / "logs", AT)

    def rows() -> Iterator[str]:
        yield "a,b\r\n"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        outputs.write(NAMES[0], rows())
    assert not list(tmp_path.glob("*.csv"))
    Outputs(tmp_path, tmp_path / "logs", AT)
    assert [each.name for each in tmp_path.iterdir()] == ["logs"], "the next run sweeps"


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    monkeypatch.setenv("EARSHOT_CONFIG", "")  # restored afterwards, whatever `use` sets
    yield monkeypatch
    monkeypatch.undo()
    settings.cache_clear()


def test_folders_lie_beside_the_chosen_file(tmp_path: Path, chosen: pytest.MonkeyPatch) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("input_dir: calls\nmax_workers: 3\n", encoding="utf-8")
    chosen.chdir(tmp_path)
    use(Path("mine.yaml"))
    found = settings()
    assert (found.config, found.max_workers) == (file, 3)
    assert found.beside_config(found.input_dir) == tmp_path / "calls"
    assert found.beside_config(Path("/srv/calls")) == Path("/srv/calls")


@pytest.mark.parametrize("text", ["inptu_dir: x", "config: other.yaml", "max_workers: 0"])
def test_a_wrong_key_is_refused(tmp_path: Path, chosen: pytest.MonkeyPatch, text: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    use(file)
    with pytest.raises((Misconfigured, ValueError)):
        settings()


def test_a_relative_file_of_the_environment_is_refused(chosen: pytest.MonkeyPatch) -> None:
    chosen.setenv("EARSHOT_CONFIG", "mine.yaml")
    settings.cache_clear()
    with pytest.raises(Misconfigured, match="no absolute path"):
        settings()
    chosen.setenv("EARSHOT_CONFIG", "")
    assert settings().config == CONFIG


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="no such file"):
        use(tmp_path / "none.yaml")


def test_the_example_has_every_key_of_002_and_is_valid(
    tmp_path: Path, chosen: pytest.MonkeyPatch
) -> None:
    text = (PROJECT / "config.example.yaml").read_text(encoding="utf-8")
    for key in yaml.safe_load(OF_002):
        assert f"\n{key}: " in text or f"\n# {key}: " in text
    use(PROJECT / "config.example.yaml")
    assert settings().file_batch_size == 8
    everything = "\n".join(line.removeprefix("# ") for line in text.splitlines() if ": " in line)
    named = {
        key: value
        for key, value in yaml.safe_load(
            "\n".join(line for line in everything.splitlines() if line.split(":")[0].isidentifier())
        ).items()
        if key in CallConfig.model_fields
    }
    assert Settings(**named).db_port == 55432


def test_the_cron_script_is_plain_shell() -> None:
    script = PROJECT / "run_cron.sh"
    assert script.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", str(script)], check=True)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("0 2 * * *", "0 2 * * *"),
        ("*/15 0-6 1,15 * 1-5", "*/15 0-6 1,15 * 1-5"),
        (" 0  2 * * * ", "0 2 * * *"),
        ("0 22-2/2 29 2 *", "0 22-2/2 29 2 *"),
        ("0 2 * * 7", "0 2 * * 0"),
        ("0 2 * * 5-7", "0 2 * * 5-0"),
        ("0 2 * * 0-7/2,7", "0 2 * * */2,0"),
        ("0 2 31 2,3 *", "0 2 31 2,3 *"),
        ("*/99 2 31-1 12-2 *", "*/99 2 31-1 12-2 *"),
    ],
)
def test_times_of_a_scan_are_times_for_celery(text: str, read: str) -> None:
    assert Settings(scan_at=text).scan_at == read
    schedule = crontab.from_string(read)
    assert schedule.remaining_delta(datetime(2026, 11, 30, 2, 0, 59, tzinfo=UTC))


def test_sunday_is_0_and_7() -> None:
    days = [
        crontab.from_string(Settings(scan_at=f"0 2 * * {field}").scan_at).day_of_week
        for field in ("7", "5-7", "0-7", "1-7/2", "7-2")
    ]
    assert days == [{0}, {5, 6, 0}, set(range(7)), {1, 3, 5, 0}, {0, 1, 2}]
    assert Settings(scan_at="").scan_at == ""


@pytest.mark.parametrize(
    "text",
    [
        *("0 2 * *", "60 2 * * *", "0 24 * * *", "0 2 * * mon", "nightly", "0 2 * * 8"),
        *("0 2 0 * *", "0 2 * 0 *", "0 2 * 13 *", "0 2 31 2 *", "0 2 30-31 2 *", "0 2 31 4,6 *"),
        *("5/15 * * * *", "*/0 * * * *", "0 2 1, * *", "0 2 ٣ * *", "-1 2 * * *"),
    ],
)
def test_what_is_no_crontab_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"crontab|five fields"):
        Settings(scan_at=text)
