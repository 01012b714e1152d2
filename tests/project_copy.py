"""A copy of the project with one more analysis, made the way a developer would: a module, and one
line in the registry."""

import shutil
import subprocess
from pathlib import Path

from earshot.settings import PROJECT


def copy(folder: Path) -> Path:
    """The project's own files, uncommitted ones too."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (PROJECT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, folder / name)
    return folder


def register(folder: Path, name: str, module: str, **fields: str) -> None:
    """Adds an analysis of the CPU pools to the copy's registry; ``fields`` are of its card."""
    registry = folder / "earshot" / "registry.py"
    before = registry.read_text(encoding="utf-8")
    given = "".join(f', {field}="{value}"' for field, value in fields.items())
    line = f'    Card("{name}", "{module}", "cpu"{given}),\n'
    after = before.replace("CARDS = (\n", f"CARDS = (\n{line}")
    assert len(after.splitlines()) == len(before.splitlines()) + 1
    registry.write_text(after, encoding="utf-8")
