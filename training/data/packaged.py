"""Fetches the recorded and composed sounds of Debian packages, as unlabelled training data for
distillation.

These sounds have no labels, and are never used for evaluation. They are not kept in the repository:
Debian's own client fetches the packages of ``packaged.toml`` and checks their signatures.
"""

import io
import shutil
import subprocess
import tarfile
import tomllib
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import IO

import numpy as np
from numpy.typing import NDArray

from earshot.audio.features.spectra import Array
from training.data.datasets import RATE

LIST = Path(__file__).with_name("packaged.toml")
SOUNDS, ARCHIVES = (".wav", ".ogg", ".oga", ".opus", ".mp3", ".flac"), (".zip", ".pk3", ".wz")
SPOKEN, SPOKEN_KEPT = ("_desc", "/voices/", "/voice/"), 0.05
"""Name parts of spoken words, of which there are thousands, mostly names of things; and the share
of them that is kept."""
LONGEST, SHORTEST = 90, 0.2  # maximum seconds kept of a sound, and its minimum


@dataclass(frozen=True)
class Package:
    """One entry of the list."""

    name: str
    version: str
    licence: str  # of the sounds


@dataclass(frozen=True)
class Sounds:
    """Mono PCM16 at 16 kHz, one sound after the other."""

    samples: NDArray[np.int16]
    begins: NDArray[np.int64]  # of every sound, and the end of the last
    names: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.names)

    def waveform(self, i: int, part: slice = slice(None)) -> Array:
        """Sound ``i``, or some of its samples, as float32."""
        return self.samples[self.begins[i] : self.begins[i + 1]][part].astype(np.float32) / 32768


def packages() -> list[Package]:
    """The list, in its order."""
    return [Package(**entry) for entry in tomllib.loads(LIST.read_text())["package"]]


def sets() -> tuple[tuple[str, str], ...]:
    """The packages with their licences, for a model card."""
    return tuple(
        (f"Debian 12, {package.name} {package.version}, unlabelled", package.licence)
        for package in packages()
    )


def fetched(folder: Path) -> Sounds:
    """All sounds, decoded into ``folder`` once and read from there afterwards."""
    path = folder / "packaged.npz"
    if not path.is_file():
        found = joined(
            [
                each
                for package in packages()
                for each in _sounds(downloaded(package, folder / "packages"))
            ]
        )
        np.savez(path, **vars(found))
    with np.load(path) as file:
        return Sounds(**file)


def joined(sounds: list[tuple[str, NDArray[np.int16]]]) -> Sounds:
    """Combines named sounds."""
    begins = np.cumsum([0, *(len(samples) for _, samples in sounds)])
    return Sounds(
        np.concatenate([samples for _, samples in sounds]),
        begins,
        np.array([name for name, _ in sounds]),
    )


def downloaded(package: Package, folder: Path) -> Path:
    """The package's file, fetched unless it is there.

    Raises:
        SystemExit: this machine is not one of Debian's, or its mirror no longer has that version.
    """
    folder.mkdir(parents=True, exist_ok=True)
    version = package.version.replace(":", "%3a")
    path = folder / f"{package.name}_{version}_all.deb"
    if not path.is_file():
        if shutil.which("apt-get") is None:
            raise SystemExit(
                "the sounds come in Debian packages and apt-get is not here; run this in a Debian"
                " 12 container"
            )
        done = subprocess.run(
            ["apt-get", "download", "-q", f"{package.name}={package.version}"],
            cwd=folder,
            check=False,
        )
        if done.returncode or not path.is_file():
            raise SystemExit(
                f"{package.name} {package.version} could not be fetched; run apt-get update on"
                " Debian 12 and try again"
            )
    return path


def _sounds(package: Path) -> Iterator[tuple[str, NDArray[np.int16]]]:
    """The decodable sounds of the package, by name."""
    found = {}
    for path, content in members(package, wanted):
        for name, file in _files(path, content):
            samples = decoded(file)
            if samples is not None:
                found[f"{package.name.split('_')[0]}/{PurePath(name).as_posix().lstrip('./')}"] = (
                    samples
                )
    print(f"{package.name}: {len(found)} sounds", flush=True)
    return iter(sorted(found.items()))


def members(package: Path, chosen: Callable[[str], object]) -> Iterator[tuple[str, IO[bytes]]]:
    """The files of a package that are ``chosen`` by their path, each open until the next."""
    with subprocess.Popen(
        ["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE
    ) as unpacking:
        assert unpacking.stdout is not None
        with tarfile.open(fileobj=unpacking.stdout, mode="r|") as archive:
            for member in archive:
                # A link has no content of its own.
                found = member.isfile() and chosen(member.name)
                content = archive.extractfile(member) if found else None
                if content is not None:
                    yield member.name, content


def wanted(name: str) -> bool:
    """True if a file is or contains sounds. Most of the spoken words are left out."""
    lower = name.lower()
    if lower.endswith(SOUNDS) and any(part in lower for part in SPOKEN):
        return zlib.crc32(name.encode()) % 1000 < 1000 * SPOKEN_KEPT
    return lower.endswith((*SOUNDS, *ARCHIVES))


def _files(name: str, content: IO[bytes]) -> Iterator[tuple[str, IO[bytes]]]:
    if not name.lower().endswith(ARCHIVES):
        yield name, content
        return
    with zipfile.ZipFile(io.BytesIO(content.read())) as archive:
        for inner in archive.namelist():
            if wanted(inner) and not inner.lower().endswith(ARCHIVES):
                yield f"{name}/{inner}", io.BytesIO(archive.read(inner))


def decoded(file: IO[bytes], container_format: str | None = None) -> NDArray[np.int16] | None:
    """The first ``LONGEST`` seconds; None if the file is not audio, or contains nothing audible.

    Args:
        container_format: for formats without a header, as ``gsm``.
    """
    import av
    import soxr

    try:
        with av.open(
            io.BytesIO(file.read()), format=container_format, metadata_errors="ignore"
        ) as container:
            stream = container.streams.audio[0]
            rate, frames, count = stream.rate, [], 0
            resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
            for frame in container.decode(stream):
                frames += [out.to_ndarray()[0] for out in resampler.resample(frame)]
                count += frame.samples
                if count > LONGEST * rate:
                    break
    except (av.error.FFmpegError, IndexError):
        return None
    if count < SHORTEST * rate:
        return None
    samples = np.clip(
        np.round(soxr.resample(np.concatenate(frames), rate, RATE) * 32767), -32768, 32767
    ).astype(np.int16)
    return samples if np.abs(samples).max(initial=0) > 100 else None
