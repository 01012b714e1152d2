"""Rules of structure: sizes of folders and modules, queries, layers."""

import re
import subprocess
import tomllib
from collections import Counter
from pathlib import Path, PurePosixPath

import pytest

from earshot.settings import PROJECT

MOST_FILES = 20
MOST_LINES = 250
SQL = "earshot/storage/postgres/sql"


def tracked() -> list[PurePosixPath]:
    """Files of the project: those of git, or all without caches where there is no repository."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0:
        paths = listed.stdout.splitlines()
        return [PurePosixPath(path) for path in sorted(set(paths)) if (PROJECT / path).is_file()]
    found = (path.relative_to(PROJECT) for path in PROJECT.rglob("*") if path.is_file())
    return [
        PurePosixPath(path)
        for path in found
        if not any(part.startswith((".", "__pycache__")) for part in path.parts)
    ]


FILES = tracked()
MODULES = [path for path in FILES if path.suffix == ".py"]


def test_no_folder_with_python_has_more_than_20_files() -> None:
    folders = {path.parent for path in MODULES} - {PurePosixPath(".")}
    counts = Counter(path.parent for path in FILES if path.parent in folders)
    assert {str(folder): n for folder, n in counts.items() if n > MOST_FILES} == {}


def test_no_module_outside_tests_has_more_than_250_lines() -> None:
    lengths = {
        str(path): len((PROJECT / path).read_text(encoding="utf-8").splitlines())
        for path in MODULES
        if path.parts[0] != "tests"
    }
    assert {path: lines for path, lines in lengths.items() if lines > MOST_LINES} == {}


def topics() -> list[str]:
    return sorted(path.stem for path in (PROJECT / SQL).glob("*.sql"))


def mentions(source: str, name: str) -> bool:
    begins = [begin for begin in re.findall(r'f"(\w+)\{', source) if name.startswith(begin)]
    return f'"{name}"' in source or any(
        f'"{name.removeprefix(begin)}"' in source for begin in begins
    )


@pytest.mark.parametrize("topic", topics())
def test_every_named_query_is_used(topic: str) -> None:
    """By a module that loads the topic: named in a string there, whole or as ``f"delete_{table}"``
    with the rest in another one."""
    text = (PROJECT / SQL / f"{topic}.sql").read_text(encoding="utf-8")
    loading = [
        source
        for path in MODULES
        if path.is_relative_to("earshot")
        for source in [(PROJECT / path).read_text(encoding="utf-8")]
        if f'queries("{topic}")' in source
    ]
    assert loading, f"no module loads {topic}.sql"
    names = re.findall(r"^-- name: (\w+)\s*$", text, re.MULTILINE)
    assert names
    unused = [name for name in names if not any(mentions(source, name) for source in loading)]
    assert unused == []


def test_every_folder_with_python_has_its_layer() -> None:
    """All but what nothing imports: tests, scripts of the demo and the documentation, and
    ``compat``, the module names of [004]."""
    linter = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(each for each in linter["contracts"] if each["name"] == "Layers")["layers"]
    named = {name.strip() for layer in layers for name in layer.split("|")}
    folders = {path.parts[0] for path in MODULES if len(path.parts) > 1}
    assert folders - named == {"tests", "compat", "demo", "docs"}
    assert set(linter["root_packages"]) == named


def test_the_checks_above_have_something_to_check() -> None:
    assert len(MODULES) > 400
    assert Path(PROJECT / SQL).is_dir()
