"""Checks of the installation: Python, packages, checkpoints."""

import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from cli.doctor.finding import Finding, fail, ok, warn
from earshot.models.checkpoints.catalog import load
from earshot.models.checkpoints.location import beside, locate
from earshot.settings import PROJECT, settings

PYTHONS = ((3, 11), (3, 12))


def python() -> Iterator[Finding]:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] in PYTHONS:
        yield ok("python", found)
    else:
        yield fail(
            "python",
            f"{found}: install 3.11 or 3.12, the versions that the packages are pinned for",
        )


def packages() -> Iterator[Finding]:
    """Compares installed packages with the pinned ones."""
    pins = [pin for name in ("base", "local") for pin in _pins(name)]
    wrong = [
        f"{name} is {found}, not {pinned}"
        for name, pinned in pins
        if (found := _installed(name)) not in (pinned, "absent")
    ]
    absent = [name for name, _ in pins if _installed(name) == "absent"]
    if absent:
        yield warn(
            "packages",
            f"not installed: {', '.join(absent)};"
            " run `pip install -r requirements/base.txt -r requirements/local.txt`",
        )
    if wrong:
        yield warn("packages", f"{'; '.join(wrong)}; run `pip install -r requirements/base.txt`")
    if not absent and not wrong:
        yield ok("packages", f"{len(pins)} at their pinned versions")


def checkpoints() -> Iterator[Finding]:
    """Embedded checkpoints against the sha256 in the catalog. ``locate`` raises what to do, which
    the caller shows."""
    embedded = [entry.release() for entry in load() if ":" not in entry.uri]
    for release in embedded:
        locate(release, settings())
    for file in {file for entry in load() for file in entry.beside}:
        beside(file)
    yield ok("checkpoints", f"{len(embedded)} embedded, each the file that the catalog means")


def _pins(name: str) -> list[tuple[str, str]]:
    lines = (PROJECT / "requirements" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split()[0].split("==") for line in lines if "==" in line.partition("#")[0]]
    return [(package, pinned) for package, pinned in pairs]


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
