"""Labelled recordings that can be trained on: each is checked in the first seconds, and those that
belong together form a group."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from earshot.analysis.errors import BadAudio, Misconfigured
from earshot.audio.decoding.probe import probe
from earshot.models.checkpoints.location import sha256
from training.trainers.data import speakers
from training.trainers.data.listing import Listed, Side, some
from training.trainers.watch import Watch

FEWEST = 3
"""Groups of every label: one to train on, one for validation, one for the holdout."""

AHEAD = 4
"""Items for each thread whose results may wait in memory."""

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Recording:
    """One labelled recording."""

    path: Path
    name: str
    label: str
    digest: str
    """sha256 of the file."""
    group: str
    """Recordings of a group are never divided."""
    key: str
    """What decides on the group's side: a speaker by its name, a recording by its content. It stays
    as it is when recordings are added."""
    speaker: str | None = None
    side: Side | None = None


def checked(rows: Sequence[Listed], longest: float, workers: int, watch: Watch) -> list[Recording]:
    """Reads the header of every file, hashes it, and forms groups.

    Args:
        longest: seconds.

    Raises:
        Misconfigured: ``data``; the message names files.
    """
    problems: list[str] = []
    digests: list[str] = []
    with watch.stage("checking files", len(rows)):
        for i, found in enumerate(mapped(lambda row: _checked(row, longest), rows, workers), 1):
            if isinstance(found, str):
                digests.append(found)
            else:
                problems.append(f"{rows[i - 1].name} ({found})")
            watch.check()
            watch.step(i)
    if problems:
        raise Misconfigured(
            "data", f"{len(problems)} of {len(rows)} files cannot be used: {some(problems)}"
        )
    recordings = _grouped(rows, digests)
    _check_copies(recordings)
    _check_sides(recordings)
    return recordings


def check_counts(recordings: Sequence[Recording]) -> None:
    """Checks that there are two labels, and that each can be on every side.

    Raises:
        Misconfigured: ``data``.
    """
    groups: defaultdict[str, set[str]] = defaultdict(set)
    for each in recordings:
        groups[each.label].add(each.group)
    if len(groups) < 2:
        raise Misconfigured(
            "data",
            f"all {len(recordings)} recordings have one label, {next(iter(groups), 'none')}; a"
            " classifier needs two at least",
        )
    few = [f"{name} ({len(each)})" for name, each in sorted(groups.items()) if len(each) < FEWEST]
    if few and not any(each.side for each in recordings):
        raise Misconfigured(
            "data",
            f"every label needs {FEWEST} speakers or recordings, for training, validation and"
            f" holdout; there are fewer of {some(few)}",
        )


def mapped(function: Callable[[T], R], items: Sequence[T], workers: int) -> Iterator[R]:
    """Results in order, computed by threads: decoders and transforms release the interpreter."""
    with ThreadPoolExecutor(workers) as pool:
        for start in range(0, len(items), AHEAD * workers):
            yield from pool.map(function, items[start : start + AHEAD * workers])


def _checked(row: Listed, longest: float) -> str | Exception:
    """The digest of a file, or what is wrong with it."""
    try:
        found = probe(row.path)
        digest = sha256(row.path)
    except (BadAudio, OSError) as error:
        return error
    seconds = (found.duration_ms or found.likely_ms) / 1000
    if found.is_cut:
        return BadAudio("truncated", "it ends too early")
    if seconds > longest:
        return BadAudio("too_long", f"{seconds:.0f} s; at most {longest:.0f} s, see --longest")
    return digest


def _grouped(rows: Sequence[Listed], digests: Sequence[str]) -> list[Recording]:
    """Recordings with their groups: those of a speaker, those cut from one recording, and all
    groups that share a file."""
    names = [row.speaker or speakers.recording(row.name) for row in rows]
    joined = _joined(names, digests)
    keys: dict[str, str] = {}
    for row, name, digest in zip(rows, names, digests, strict=True):
        key = hashlib.sha256((name if row.speaker else digest).encode()).hexdigest()
        keys[joined[name]] = min(key, keys.get(joined[name], key))
    return [
        Recording(
            row.path, row.name, row.label, digest, joined[name], keys[joined[name]], row.speaker,
            row.side,
        )
        for row, name, digest in zip(rows, names, digests, strict=True)
    ]  # fmt: skip


def _joined(names: Sequence[str], digests: Sequence[str]) -> dict[str, str]:
    """Name of each group to that of the group it belongs to, for groups that share content."""
    parent = {name: name for name in names}

    def root(name: str) -> str:
        while parent[name] != name:
            name = parent[name]
        return name

    first: dict[str, str] = {}
    for name, digest in zip(names, digests, strict=True):
        one, other = sorted((root(name), root(first.setdefault(digest, name))))
        parent[other] = one
    return {name: root(name) for name in parent}


def _check_copies(recordings: Sequence[Recording]) -> None:
    """The same content under two labels teaches nothing."""
    seen: dict[str, Recording] = {}
    twice = []
    for each in recordings:
        former = seen.setdefault(each.digest, each)
        if former.label != each.label:
            twice.append(f"{former.name} ({former.label}) and {each.name} ({each.label})")
    if twice:
        raise Misconfigured("data", f"the same recording has two labels: {some(twice)}")


def _check_sides(recordings: Sequence[Recording]) -> None:
    """Of data that is divided already: no group on two sides, and every label to train on."""
    sides: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for each in recordings:
        if each.side:
            sides[each.group].setdefault(each.side, each.name)
    both = [
        f"{group}: {' and '.join(f'{name} ({side})' for side, name in where.items())}"
        for group, where in sides.items()
        if len(where) > 1
    ]
    if both:
        raise Misconfigured(
            "data",
            f"the same speakers or recordings are on several sides: {some(both)}; a model would be"
            " measured on voices that it was trained on",
        )
    if sides:
        trained = {each.label for each in recordings if each.side == "train"}
        lacking = sorted({each.label for each in recordings} - trained)
        if lacking:
            raise Misconfigured("data", f"train has no recordings of {', '.join(lacking)}")
