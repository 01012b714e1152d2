"""The request to analyse a recording: the one argument of the task ``ingest.recording``."""

import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator
from pydantic.config import JsonDict

from earshot.analysis.errors import Misconfigured
from earshot.analysis.pii.kinds import KINDS, Kind
from earshot.analysis.printable import CONTROLS
from earshot.analysis.roles import ChannelRoles, Direction, RecorderName, Role, roles_by
from earshot.analysis.topics.glossary import GlossaryName
from earshot.analysis.types import Frozen, SpeakerCount
from earshot.analysis.urls import shown
from earshot.analysis.words.languages import Language
from earshot.registry import nameable

CONTROL = re.compile(f"[{CONTROLS}]")


def no_control(text: str) -> str:
    """The text.

    Raises:
        ValueError: it has a control character.
    """
    found = CONTROL.search(text)
    if found:
        raise ValueError(
            f"holds the control character U+{ord(found[0]):04X}; names and addresses are one line"
            " of text"
        )
    return text


def _address(uri: str) -> str:
    urlsplit(uri)  # raises ValueError, as for a host that is no IPv6 address
    return uri


NO_CONTROL: JsonDict = {"pattern": r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$"}
Address = Annotated[
    str,
    Field(min_length=1, max_length=4096, json_schema_extra=NO_CONTROL),
    AfterValidator(no_control),
    AfterValidator(_address),
]
"""Without control characters: Postgres cannot store NUL, and the others forge lines."""
FileName = Annotated[
    str,
    Field(min_length=1, max_length=1024, json_schema_extra=NO_CONTROL),
    AfterValidator(no_control),
]
Tenant = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
"""One customer, or one department, of an installation; tenants do not see one another's data."""
DEFAULT_TENANT = "default"


Profile = Literal["full", "live"]
Differing = Literal["roles", "language", "speakers", "glossary", "redact"]
"""An option in which a stored recording may differ from the request."""


Redact = (
    bool | Annotated[tuple[Kind, ...], Field(min_length=1, max_length=16, fail_fast=True)] | None
)
"""Kinds of personal data to remove; true: all of them."""


def kinds_of(*asked: Redact) -> tuple[Kind, ...]:
    """The kinds that are asked for together, in order; empty: none."""
    named = {kind for each in asked for kind in (KINDS if each is True else each or ())}
    return tuple(kind for kind in KINDS if kind in named)


class IngestRequest(Frozen):
    """A recording to analyse. Only ``uri`` is required."""

    uri: Address
    """Location of the audio: an fsspec URL under one of the configured roots, e.g.
    ``file:///data/calls/7.wav``."""
    recording_id: UUID | None = None
    """Choose the id beforehand to follow the recording from the start; sending the same id twice
    ingests once, and with another file it is refused (``id_taken``)."""
    file_name: FileName | None = None
    """Name to show; default: the last part of ``uri``."""
    analyses: (
        Annotated[
            tuple[Annotated[str, Field(max_length=64)], ...], Field(max_length=64, fail_fast=True)
        ]
        | None
    ) = None
    """Names of the analyses to run; default: those of the profile."""
    profile: Profile = "full"
    """Analyses of a request that names none. ``full``: all of them. ``live``: all but the
    classification of scene and emotion, which a call then has to ask for by name (C-21)."""
    roles: Annotated[tuple[Role, ...], Field(max_length=8, fail_fast=True)] | None = None
    """Role of each channel. Default for two channels: those of the source (``EARSHOT_RECORDERS``),
    or ``agent``, ``customer``. Channels without roles are mixed to one: pass ``[]`` when they are
    not speakers."""
    recorder: RecorderName | None = None
    """The recorder that made the file, instead of ``roles``: it states those of its two
    channels (docs/roles.md)."""
    direction: Direction | None = None
    """Of the call; required by recorders whose roles depend on it."""
    language: Language | None = None
    """BCP 47 language of the speech, ``und`` to detect it; default: the service's setting."""
    speakers: SpeakerCount | None = None
    """Number of speakers, if known; for channels without roles. Default: it is estimated."""
    glossary: GlossaryName | None = None
    """Name of the glossary whose topics are looked for (docs/topics.md). Default: that of the
    source."""
    force: bool = False
    """Analyse although the same content, in the same language and with the same roles, is stored
    already."""
    accept_truncated: bool = False
    """Analyse the existing part of a file that ends before the length in its header."""
    redact: Redact = Field(default=None, exclude_if=lambda value: value is None)
    """Remove personal data from words and sound before anything of it is stored (docs/privacy.md):
    ``true``, or its kinds. Default: what the service's setting says for the source, of which a
    request can only ask for more."""
    tenant: Tenant = DEFAULT_TENANT
    """Owner of the recording; the same content is stored once for each."""

    @model_validator(mode="after")
    def _states_roles_once(self) -> "IngestRequest":
        if self.roles is not None and (self.recorder or self.direction):
            raise ValueError("name either roles, or a recorder and its direction")
        if self.recorder:
            roles_by(self.recorder, self.direction)
        return self

    @property
    def stated_roles(self) -> ChannelRoles | None:
        """Roles that the request itself states; None: none, and what else states them applies."""
        if self.recorder:
            return ChannelRoles(roles_by(self.recorder, self.direction), "recorder")
        return None if self.roles is None else ChannelRoles(self.roles, "request")

    @property
    def redacted_kinds(self) -> tuple[Kind, ...]:
        """Kinds of personal data to remove; empty: none."""
        return kinds_of(self.redact)

    @property
    def name(self) -> str:
        # As in ``earshot.audio.store.layout.local_path``: local names have no query and no
        # percent-encoding.
        local = self.uri.startswith("file://")
        path = self.uri.removeprefix("file://") if local else unquote(urlsplit(self.uri).path)
        return self.file_name or path.rstrip("/").rpartition("/")[2] or shown(self.uri)


class IngestReply(Frozen):
    """The result of the task ``ingest.recording``."""

    recording_id: UUID
    state: str
    duplicate: bool = False
    """The same content, in the same language and with the same roles, was stored before;
    ``recording_id`` is that recording."""
    added: tuple[str, ...] = ()
    """Analyses not requested for that recording before, or not with that number of speakers; a new
    round runs them now."""
    differs: tuple[Differing, ...] = ()
    """Options in which the stored recording differs from this request."""
    error: dict[str, Any] | None = None
    """``{"code": ..., "detail": ...}`` when the state is ``failed``, or when an addition to a
    finished recording is impossible. ``id_taken``: the id belongs to another file, about which
    nothing is revealed; ``not_comparable``: the files cannot be compared. The submitted file then
    stays in place."""


def check_names(names: Iterable[str]) -> None:
    """Refuses a request that names no analysis, or one that is not in the registry, or one that
    ``redact`` asks for.

    Raises:
        Misconfigured: ``analyses``.
    """
    asked = tuple(names)
    known = nameable()
    unknown = [name for name in asked if name not in known]
    if unknown or not asked:
        raise Misconfigured(
            "analyses",
            f"no analysis named {', '.join(unknown) or '-'}; there are {', '.join(known)}",
        )
