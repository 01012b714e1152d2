"""Roles of channels."""

from earshot.analysis.errors import Permanent

DEFAULT_ROLES = ("agent", "customer")
"""Roles of a two-channel recording, unless the request sets others."""


def roles_of(
    asked: tuple[str, ...] | None, channels: int, named: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """One role per channel, or none: then the channels do not separate the speakers and are mixed.

    Args:
        named: roles named by the file itself, if any.

    Raises:
        Permanent: ``roles``, neither none nor one a channel.
    """
    if asked is None:
        return named or (DEFAULT_ROLES if channels == len(DEFAULT_ROLES) else ())
    if asked and len(asked) != channels:
        raise Permanent(
            "roles",
            f"{len(asked)} roles for {channels} channels; name one role per channel, or"
            " give an empty list",
        )
    return asked
