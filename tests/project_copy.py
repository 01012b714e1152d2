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


def register(folder: Path, module: str) -> None:
    """Adds the module to the copy's registry."""
    registry = folder / "workers" / "registry.py"
    before = registry.read_text(encoding="utf-8")
    after = before.replace('    "workers.scene",\n', f'    "workers.scene",\n    "{module}",\n')
    assert len(after.splitlines()) == len(before.splitlines()) + 1
    registry.write_text(after, encoding="utf-8")
