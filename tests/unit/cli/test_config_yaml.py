"""``config.yaml``: that of [002] is accepted unchanged, and any error in one is one line that names
it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cli.terminal.explain import USAGE
from earshot.settings import PROJECT

SPEC = PROJECT.parent / "shared" / "specs"
OF_002 = """\
max_workers: 32                # Batch-level parallelism
io_workers: 32                 # I/O thread pool size
gpu_workers: 1                 # Fixed at 1 to avoid model conflicts
max_memory_gb: 500.0          # Maximum memory usage
memory_threshold_percent: 80   # Cleanup threshold
chunk_cache_size: 1000        # Number of cached chunks
file_batch_size: 8            # Files processed per batch
chunk_batch_size: 16          # Chunks per GPU inference
chunk_duration_sec: 25        # Audio chunk duration
overlap_sec: 1                # Overlap between chunks
transcription_model: "/path/to/w2v-bert-darija-finetuned-clean"
client_text_model_path: "/path/to/client/text/best_model"
agent_text_model_path: "/path/to/agent/text/best_model"
client_acoustic_model_path: "/path/to/client/acoustic/svm_acoustic_model.joblib"
agent_acoustic_model_path: "/path/to/agent/acoustic/randomforest_acoustic_model.joblib"
client_acoustic_scaler_path: "/path/to/client/acoustic/acoustic_scaler.joblib"
agent_acoustic_scaler_path: "/path/to/agent/acoustic/acoustic_scaler.joblib"
database_type: "postgresql"
db_host: "localhost"
db_port: 55432
db_name: "audio_processing"
db_user: "postgres"
db_password: "your_password"
"""
SHOWN = """
from earshot.settings import settings
c = settings()
print(c.database_url, c.chunk_cache_size, c.gpu_workers, c.overlap_sec)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project with a ``config.yaml`` to come: its settings are its own, the rest is linked."""
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copytree(
        PROJECT / "earshot",
        folder / "earshot",
        ignore=shutil.ignore_patterns("__pycache__", "embedded"),
    )
    for path in PROJECT.iterdir():
        if path.name != "earshot" and not path.name.startswith("."):
            (folder / path.name).symlink_to(path)
    return folder


def run(project: Path, *argv: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    kept = {key: value for key, value in os.environ.items() if not key.startswith("EARSHOT_")}
    env = {**kept, "PYTHONPATH": str(project), "EARSHOT_HOME": str(project / "home"), **settings}
    return subprocess.run(
        [sys.executable, *argv],
        env=env,
        cwd=project,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_keys_are_those_of_the_specification() -> None:
    files = list(SPEC.glob("002_*.txt"))
    if not files and os.environ.get("CI") != "true":
        pytest.skip("../shared is not there")
    [file] = files
    blocks = re.findall(
        r"^```yaml\n(.*?)^```", file.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    written = [line for block in blocks for line in block.splitlines() if ":" in line]
    assert written == OF_002.splitlines()


def test_the_file_of_002_stops_no_command(project: Path) -> None:
    (project / "config.yaml").write_text(OF_002, encoding="utf-8")
    for words in (
        ["doctor"],
        ["models", "list"],
        ["ingest", "--dry-run", str(PROJECT / "demo" / "call.ogg")],
    ):
        done = run(project, "-m", "earshot", *words)
        assert "there is no setting" not in done.stderr, done.stderr
        assert "Traceback" not in done.stderr
    assert "call.ogg: ok" in done.stdout
    refused = run(
        project, "-c", "from cli.localstack import urls; urls.refuse_others(urls.settings().home)"
    )
    assert (refused.returncode, refused.stderr) == (0, ""), (
        "a local stack may be started all the same"
    )
    shown = run(project, "-c", SHOWN).stdout
    assert (
        shown == "postgresql://postgres:your_password@localhost:55432/audio_processing 1000 1 1.0\n"
    )


def test_whatever_names_a_database_comes_before_the_db_keys(project: Path) -> None:
    stack = project / "home" / "run" / "stack.json"
    stack.parent.mkdir(parents=True)
    stack.write_text(
        '{"redis_url": "redis://stack", "database_url": "postgresql://stack"}', encoding="utf-8"
    )
    (project / "config.yaml").write_text(OF_002, encoding="utf-8")
    assert run(project, "-c", SHOWN).stdout.split()[0] == "postgresql://stack"
    (project / "config.yaml").write_text(
        OF_002 + "database_url: postgresql://file\n", encoding="utf-8"
    )
    assert run(project, "-c", SHOWN).stdout.split()[0] == "postgresql://file"
    assert (
        run(project, "-c", SHOWN, EARSHOT_DATABASE_URL="postgresql://env").stdout.split()[0]
        == "postgresql://env"
    )


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("db_name: calls", "postgresql://localhost/calls"),
        ("db_host: db\ndb_user: a@b\ndb_password: 'p:/%'", "postgresql://a%40b:p%3A%2F%25@db/"),
        ("db_user: nobody", ""),
    ],
)
def test_db_keys_make_a_url(project: Path, text: str, url: str) -> None:
    (project / "config.yaml").write_text(text, encoding="utf-8")
    assert run(project, "-c", SHOWN).stdout.partition(" ")[0] == url


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("max_wokers: 3", "there is no setting 'max_wokers' (did you mean max_workers?)"),
        (
            "db_hots: x\nlangage: de",
            "'db_hots' (did you mean db_host?), 'langage' (did you mean language?)",
        ),
        ("EARSHOT_LANGUAGE: de", "'EARSHOT_LANGUAGE' (did you mean language?)"),
        ("1: 2", "there is no setting '1'"),
        ('? "a\\nb"\n: 1', r"there is no setting 'a\nb'"),
        ("db_port: many", "setting db_port: "),
        ("memory_threshold_percent: 120", "setting memory_threshold_percent: "),
        ("database_type: mysql", "setting database_type: "),
        ("[1, 2]", "holds no settings"),
        ("language", "holds no settings"),
        ("a: [", "cannot be read"),
        ("\x00", "cannot be read"),
    ],
)
def test_what_is_wrong_is_one_line(project: Path, text: str, says: str) -> None:
    (project / "config.yaml").write_text(text, encoding="utf-8")
    done = run(project, "-m", "earshot", "list")
    assert (done.returncode, done.stderr.count("\n")) == (USAGE, 1), done.stderr
    assert says in done.stderr
    assert "config.yaml" in done.stderr


@pytest.mark.parametrize("text", ["", "# nothing yet", "{}"])
def test_an_empty_file_says_nothing(project: Path, text: str) -> None:
    (project / "config.yaml").write_text(text, encoding="utf-8")
    assert "no database" in run(project, "-m", "earshot", "list").stderr
