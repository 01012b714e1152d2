"""What another service must say to have a recording analysed: the one argument of the task ``ingest.recording``."""

from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit
from uuid import UUID

from pydantic import Field

from analysis.languages import Language
from analysis.types import Frozen, SpeakerCount

Role = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]


Differing = Literal["roles", "language", "speakers"]
"""An option in which a stored recording may not be what was asked for."""


class IngestRequest(Frozen):
    """A recording to analyse. Only ``uri`` is required."""

    uri: Annotated[str, Field(min_length=1, max_length=4096)]
    """Where the audio lies: an fsspec URL under one of the configured roots, e.g. ``file:///data/calls/7.wav``."""
    recording_id: UUID | None = None
    """Choose the id beforehand to follow the recording from the first moment; sending the same id twice ingests once, and with
    another file it is refused (``id_taken``)."""
    file_name: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    """Name to show; default: the last part of ``uri``."""
    analyses: tuple[str, ...] | None = None
    """Names of the analyses to run; default: all of them."""
    roles: Annotated[tuple[Role, ...], Field(max_length=8)] | None = None
    """Role of each channel. Default for two channels: ``agent``, ``customer``. Channels without roles are mixed to one: pass
    ``[]`` when they are not speakers."""
    language: Language | None = None
    """BCP 47 language of the speech, ``und`` where it is to be heard; default: the service's setting."""
    speakers: SpeakerCount | None = None
    """How many people speak, where that is known; for channels without roles. Default: it is heard."""
    force: bool = False
    """Analyse although the same content, in the same language and with the same roles, is stored already."""
    accept_truncated: bool = False
    """Analyse what there is of a file that ends before its header says so."""

    @property
    def name(self) -> str:
        return self.file_name or unquote(urlsplit(self.uri).path).rstrip("/").rpartition("/")[2] or self.uri


class IngestReply(Frozen):
    """The result of the task ``ingest.recording``."""

    recording_id: UUID
    state: str
    duplicate: bool = False
    """The same content, in the same language and with the same roles, was stored before; ``recording_id`` is that recording."""
    added: tuple[str, ...] = ()
    """Analyses that nobody had asked of that recording, or not with that many speakers; they are done now, in a new round."""
    differs: tuple[Differing, ...] = ()
    """In what the stored recording is not what was asked for: it was asked for before, in another way."""
    error: dict[str, Any] | None = None
    """``{"code": ..., "detail": ...}`` when the state is ``failed``. ``id_taken``: the id stands for another file, of which
    nothing is told; what was handed in is left where it is."""
