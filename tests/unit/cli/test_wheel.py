"""What an installed copy holds: every module, and the data that they read beside themselves."""

import subprocess
import sys
import tomllib
from pathlib import Path

from tests.project_copy import copy


def test_a_wheel_holds_every_module_and_all_data_beside_them(tmp_path: Path) -> None:
    project, built = copy(tmp_path / "project"), tmp_path / "built"
    command = [
        sys.executable,
        "-c",
        "from setuptools import setup; setup()",
        "--quiet",
        "build_py",
        "--build-lib",
        str(built),
    ]
    subprocess.run(command, cwd=project, check=True)
    declared = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    packages = set(declared["importlinter"]["root_packages"]) - {"trials"}
    folders = [*packages, "migrations"]
    wanted = {f"{name}.py" for name in declared["setuptools"]["py-modules"]}
    wanted |= {
        str(path.relative_to(project))
        for folder in folders
        for path in (project / folder).rglob("*")
        if path.is_file()
    }
    assert {str(path.relative_to(built)) for path in built.rglob("*") if path.is_file()} == wanted
