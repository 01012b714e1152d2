"""Places and releases legal holds, and checks what they name."""

from uuid import UUID

from earshot.analysis.errors import Misconfigured, Permanent
from earshot.settings.by_source import by_source
from earshot.storage import holds
from earshot.storage.postgres import recordings, tombstones
from earshot.storage.postgres.db import Connection


def place(connection: Connection, what: UUID | str, reason: str, who: str) -> bool:
    """Places a hold on a recording, by its id, or on all of a source, present and to come. False if
    it is on hold already.

    Raises:
        Permanent: ``deleted``, ``unknown_recording``.
        Misconfigured: ``hold``, that is no source; or the reason is empty.
        Unavailable: Postgres is unavailable.
    """
    if not reason.strip():
        raise Misconfigured("hold", "a hold needs a reason, which is recorded with it")
    with connection.transaction():
        if isinstance(what, UUID):
            tombstones.guard(connection, what)  # no deletion of it is under way after this
            if recordings.get(connection, what) is None:
                raise Permanent("unknown_recording", f"there is no recording {what}")
        return holds.place(connection, _checked(what), reason.strip(), who)


def release(connection: Connection, what: UUID | str, who: str) -> bool:
    """Releases a hold; False if there is none.

    Raises:
        Misconfigured: ``hold``, that is no source.
        Unavailable: Postgres is unavailable.
    """
    return holds.release(connection, _checked(what), who)


def _checked(what: UUID | str) -> UUID | str:
    try:
        return what if isinstance(what, UUID) else next(iter(by_source({what: None})))
    except ValueError as error:
        raise Misconfigured("hold", f"{what!r} is no source: name a URL, a tenant, or *") from error
