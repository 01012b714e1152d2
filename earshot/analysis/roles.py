"""Roles of channels, and the recorders that are known by name (``recorders.toml``)."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, get_args

from pydantic import AfterValidator, Field, model_validator

from earshot.analysis.errors import Permanent
from earshot.analysis.types import Frozen

TABLE = Path(__file__).with_name("recorders.toml")

DEFAULT_ROLES = ("agent", "customer")
"""Roles of a two-channel recording for which nothing else states them."""

Role = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Direction = Literal["inbound", "outbound"]
"""Of a call, as seen by the agent's side."""
RolesSource = Literal["request", "recorder", "file", "remembered", "default", "correction"]


class Recorder(Frozen):
    """A recorder: the roles of its channels, the same for every call or by its direction."""

    channels: str
    """What is documented of them."""
    source: str
    """Where that is documented."""
    roles: tuple[Role, Role] | None = None
    inbound: tuple[Role, Role] | None = None
    outbound: tuple[Role, Role] | None = None

    @model_validator(mode="after")
    def _either(self) -> "Recorder":
        by_direction = {self.inbound is not None, self.outbound is not None}
        if by_direction != {self.roles is None}:
            raise ValueError("name either roles, or those of inbound and outbound calls")
        return self


@cache
def recorders() -> dict[str, Recorder]:
    """Every known recorder, by name."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return {name: Recorder.model_validate(entry) for name, entry in table.items()}


def known_recorder(name: str) -> str:
    """The name.

    Raises:
        ValueError: there is no such recorder.
    """
    if name not in recorders():
        raise ValueError(f"no recorder named {name}; there are {', '.join(recorders())}")
    return name


RecorderName = Annotated[
    str, Field(json_schema_extra={"enum": list(recorders())}), AfterValidator(known_recorder)
]


def roles_by(recorder: str, direction: Direction | None) -> tuple[str, ...]:
    """Roles of the two channels of a recorder.

    Raises:
        ValueError: there is no such recorder; or the direction decides, and is None.
    """
    entry = recorders()[known_recorder(recorder)]
    if entry.roles is not None:
        return entry.roles
    found = {"inbound": entry.inbound, "outbound": entry.outbound}.get(direction or "")
    if found is None:
        raise ValueError(
            f"the roles of recorder {recorder} depend on the direction of the call; name a"
            f" direction: {', '.join(get_args(Direction))}"
        )
    return found


class ChannelRoles(NamedTuple):
    """Role of each channel, and what states it; the source is None where there are no roles."""

    roles: tuple[str, ...]
    source: RolesSource | None


class SourceRecorder(Frozen):
    """The recorder of a source by the settings, and the direction of its calls if that is known."""

    recorder: RecorderName
    direction: Direction | None = None


def roles_of(
    asked: ChannelRoles | None,
    channels: int,
    named: tuple[str, ...] = (),
    source: SourceRecorder | None = None,
    remembered: tuple[str, ...] = (),
) -> ChannelRoles:
    """One role per channel, or none: then the channels do not separate the speakers and are mixed.
    What the request states goes before what the file names, that before what people stated for the
    source, that before the recorder of the source, and that before the default.

    Args:
        asked: stated by the request, if at all.
        named: named by the file itself, if any.
        source: applies to files with two channels.
        remembered: one role a channel, stated by people for the source, if any.

    Raises:
        Permanent: ``roles``, ``asked`` is neither none nor one a channel; ``direction``, it decides
            for the recorder of the source and is not known.
    """
    if asked is not None:
        return _fitting(asked, channels)
    if named:
        return ChannelRoles(named, "file")
    if remembered:
        return ChannelRoles(remembered, "remembered")
    if channels != len(DEFAULT_ROLES):
        return ChannelRoles((), None)
    if source is None:
        return ChannelRoles(DEFAULT_ROLES, "default")
    try:
        return ChannelRoles(roles_by(source.recorder, source.direction), "recorder")
    except ValueError as error:
        raise Permanent("direction", f"{error}, in the request or in EARSHOT_RECORDERS") from error


def _fitting(asked: ChannelRoles, channels: int) -> ChannelRoles:
    if asked.roles and len(asked.roles) != channels:
        stated = "name one role per channel, or give an empty list"
        if asked.source == "recorder":
            stated = "leave the recorder out"
        raise Permanent("roles", f"{len(asked.roles)} roles for {channels} channels; {stated}")
    return asked if asked.roles else ChannelRoles((), None)
