"""The checkpoint that a training starts from, and the licence of what comes out."""

from dataclasses import dataclass
from pathlib import Path

from earshot.analysis.errors import Misconfigured
from earshot.models.checkpoints import catalog, licence
from earshot.models.checkpoints.location import MODELS, locate, sha256
from earshot.settings import settings
from training.trainers import trained
from training.trainers.trained import Base

RANKS = (
    ("unknown", licence.UNKNOWN),
    ("non-commercial", licence.NOT_COMMERCIAL),
    ("share alike", ("-sa", " sa", "gpl", "share alike", "sharealike")),
    ("attribution", ("cc-by", "cc by")),
)
"""Words of licences, the strictest first; anything else allows more."""


@dataclass(frozen=True)
class Start:
    """A checkpoint to start from."""

    path: Path
    base: Base
    licence: str


def start(name: str, analysis: str) -> Start:
    """The checkpoint of a name: of the catalog, a folder with ``trained.json``, or a file.

    Raises:
        Misconfigured: ``base``, nothing is there, or it is of another analysis.
    """
    entry = next((e for e in catalog.known(settings().models_catalog) if e.name == name), None)
    if entry is not None:
        if entry.analysis != analysis:
            raise Misconfigured(
                "base", f"{name} is for {entry.analysis}; training continues one for {analysis}"
            )
        path = locate(entry.release(), settings())
        return Start(path, Base(name=name, sha256=sha256(path)), entry.licence)
    path = Path(name)
    if path.is_dir():
        found = trained.read(path)
        if found.analysis != analysis:
            raise Misconfigured("base", f"{path} is for {found.analysis}, not for {analysis}")
        checkpoint = path / found.checkpoint
        return Start(checkpoint, Base(name=path.name, sha256=sha256(checkpoint)), found.licence)
    if not path.is_file():
        raise Misconfigured(
            "base",
            f"{name} is neither a name of `earshot models list`, a folder of a training, nor a"
            " file",
        )
    return Start(path, Base(name=path.name, sha256=sha256(path)), "unknown")


def embedded(file: str) -> Start:
    """A checkpoint that comes with the project, e.g. ``noise.onnx``."""
    entry = next(e for e in catalog.load() if e.uri == f"embedded/{file}")
    return Start(MODELS / entry.uri, Base(name=entry.name, sha256=entry.sha256), entry.licence)


def strictest(*licences: str) -> str:
    """The one of several licences that allows least; ``unknown`` allows nothing that is known."""

    def rank(terms: str) -> tuple[bool, ...]:
        words = terms.lower()  # of two that forbid the same, the one that asks for more besides
        return tuple(not any(part in words for part in parts) for _, parts in RANKS)

    return min(licences, key=rank)
