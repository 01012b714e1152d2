"""Roles of channels that people correct, remembered for later recordings of the same source."""

from collections.abc import Sequence
from uuid import UUID

from earshot.analysis.errors import Permanent
from earshot.analysis.request import IngestRequest
from earshot.analysis.urls import shown, spelled
from earshot.audio.store.inbox import is_upload
from earshot.settings import settings
from earshot.storage import remembered_roles
from earshot.storage.postgres import corrections, recordings
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.recordings import Recording

UPLOADS = "uploads"
"""The source of files without a URL of their own, of one tenant."""


def remember(
    connection: Connection, found: Recording, roles: Sequence[str], below: str | None, who: str
) -> str:
    """Has later recordings of the recording's source begin with these roles, and returns that
    source.

    Args:
        below: the source, a URL that the recording lies below. Default: the folder of its file; of
            an upload, all uploads of the tenant.

    Raises:
        Permanent: ``not_remembered``, the file or the direction of its call states its roles, or it
            has none; ``other_source``, it does not lie below that URL.
        Unavailable: Postgres is unavailable.
    """
    if found.roles_source == "file":
        raise _not("the tracks of its file name their roles, as those of other files do")
    if found.request.get("direction"):
        raise _not("its roles depend on the direction of the call; correct the recorder")
    place = _place(found.request["uri"])
    source = _folder(place) if below is None else f"{spelled(shown(below)).rstrip('/')}/"
    if not place.startswith(source):
        raise Permanent("other_source", f"the recording does not lie below {source}")
    remembered_roles.remember(connection, found.tenant, source, roles, found.id, who)
    return source


def remember_of(
    connection: Connection, recording_id: UUID, below: str | None, who: str
) -> tuple[str, tuple[str, ...]]:
    """As ``remember``, for the roles that the recording has, as corrected. Returns source and
    roles.

    Raises:
        As ``remember``, and ``no_report``, the recording has none.
    """
    found = recordings.get(connection, recording_id)
    report = corrections.report(connection, recording_id)
    if found is None or report is None:
        raise Permanent("no_report", "the recording has no report, and so no roles to remember")
    roles = tuple(report["recording"]["roles"])
    if not roles:
        raise _not("its channels have no roles")
    return remember(connection, found, roles, below, who), roles


def remembered(connection: Connection, request: IngestRequest, channels: int) -> tuple[str, ...]:
    """The roles that were remembered for the source of a request; empty: none.

    Raises:
        Unavailable: Postgres is unavailable.
    """
    return remembered_roles.roles_at(connection, request.tenant, _place(request.uri), channels)


def _place(uri: str) -> str:
    return UPLOADS if is_upload(uri, settings().store_url) else spelled(shown(uri))


def _folder(place: str) -> str:
    return place if place == UPLOADS else f"{place.rpartition('/')[0]}/"


def _not(why: str) -> Permanent:
    return Permanent("not_remembered", f"the roles are not remembered: {why}")
