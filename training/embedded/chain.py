"""Runs recipes in the order of their needs, several at a time."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

CHAIN = Path(__file__).with_name("chain.toml")
EVERY_SEC = 9.0
"""Between reports."""
TAIL = 12
"""Lines of the log of a recipe that are shown when it failed."""


@dataclass(frozen=True)
class Recipe:
    """One command."""

    name: str
    command: tuple[str, ...]
    """A module and its arguments."""
    needs: tuple[str, ...] = ()
    """Names of the recipes whose files it reads."""
    makes: Path | None = None
    """The checkpoint, with the card beside it."""

    @property
    def slug(self) -> str:
        return self.name.replace(" ", "_")


class Failed(Exception):
    """A recipe ended with an error; its message has the end of the log."""


def recipes(folders: Mapping[str, Path], table: Path = CHAIN) -> list[Recipe]:
    """The recipes of a table, those that take longest first.

    Args:
        folders: what the names in braces stand for.
    """
    return [
        Recipe(
            name=row["name"],
            command=tuple(word.format_map(folders) for word in row["command"].split()),
            needs=tuple(row.get("needs", ())),
            makes=Path(row["makes"].format_map(folders)) if "makes" in row else None,
        )
        for row in tomllib.loads(table.read_text())["recipe"]
    ]


def with_needs(wanted: Sequence[str], all_of_them: Sequence[Recipe]) -> list[Recipe]:
    """The recipes of those names and all that they need, in the order of the table.

    Raises:
        SystemExit: a name is unknown.
    """
    known = {recipe.name: recipe for recipe in all_of_them}
    kept: set[str] = set()
    left = list(wanted)
    while left:
        name = left.pop()
        if name not in known:
            raise SystemExit(f"there is no recipe {name}; these are: {', '.join(known)}")
        if name not in kept:
            kept.add(name)
            left += known[name].needs
    return [recipe for recipe in all_of_them if recipe.name in kept]


@dataclass
class Runner:
    """Runs recipes as processes of their own, each with a log in ``out/logs``. One that ended well
    is skipped the next time, if its command is the same."""

    out: Path
    side_by_side: int
    report: Callable[[str], object] = print
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _began: float = field(default_factory=monotonic)

    def run(self, chain: Sequence[Recipe]) -> None:
        """Runs all; the first that fails ends the others.

        Raises:
            Failed: a recipe ended with an error.
        """
        (self.out / "logs").mkdir(parents=True, exist_ok=True)
        done = {recipe.name for recipe in chain if self._stamp(recipe) == self._text(recipe)}
        if done:
            self.report(f"made before: {', '.join(sorted(done))}")
        waiting = [recipe for recipe in chain if recipe.name not in done]
        with ThreadPoolExecutor(self.side_by_side) as pool, self._ended_together():
            futures: dict[Future[None], Recipe] = {}
            while waiting or futures:
                ready = [each for each in waiting if done.issuperset(each.needs)]
                for recipe in ready[: self.side_by_side - len(futures)]:
                    futures[pool.submit(self._one, recipe)] = recipe
                    waiting.remove(recipe)
                if not futures:
                    left = ", ".join(recipe.name for recipe in waiting)
                    raise Failed(f"recipes need one another, or one that is not run: {left}")
                ended, _ = wait(futures, timeout=EVERY_SEC, return_when=FIRST_COMPLETED)
                for future in ended:
                    future.result()
                    done.add(futures.pop(future).name)
                names = ", ".join(recipe.name for recipe in futures.values())
                count = len(waiting) + len(futures)
                self.report(f"{monotonic() - self._began:6.0f} s  {count} left; running: {names}")

    def _one(self, recipe: Recipe) -> None:
        log, began = self.out / "logs" / f"{recipe.slug}.txt", monotonic()
        if recipe.makes:
            recipe.makes.parent.mkdir(parents=True, exist_ok=True)
        threads = str(max((os.cpu_count() or 1) // self.side_by_side, 1))
        with log.open("wb") as to:
            limits = (f"OMP_NUM_THREADS={threads}", f"OPENBLAS_NUM_THREADS={threads}")
            process = subprocess.Popen(
                ["env", *limits, sys.executable, "-m", *recipe.command],
                stdout=to,
                stderr=subprocess.STDOUT,
            )
            self._running[recipe.name] = process
            code = process.wait()
            del self._running[recipe.name]
        if code:
            end = "\n".join(log.read_text(errors="replace").splitlines()[-TAIL:])
            raise Failed(f"{recipe.name} ended with {code}; the end of {log}:\n{end}")
        self._path(recipe).write_text(self._text(recipe))
        self.report(
            f"{monotonic() - self._began:6.0f} s  {recipe.name}: {monotonic() - began:.0f} s"
        )

    @contextmanager
    def _ended_together(self) -> Iterator[None]:
        try:
            yield
        finally:
            for process in list(self._running.values()):
                process.terminate()

    def _path(self, recipe: Recipe) -> Path:
        return self.out / "logs" / f"{recipe.slug}.done"

    def _stamp(self, recipe: Recipe) -> str | None:
        path = self._path(recipe)
        made = recipe.makes is None or recipe.makes.is_file()
        return path.read_text() if made and path.is_file() else None

    def _text(self, recipe: Recipe) -> str:
        return " ".join(recipe.command)
