"""Encryption of what is stored already: counted by key, and with the newest key."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from uuid import UUID

from earshot.analysis.errors import BadAudio, Misconfigured
from earshot.analysis.keys.sound import used
from earshot.analysis.states import RecordingState
from earshot.audio.store.leftovers import Stored, stored
from earshot.audio.store.resealing import key_at, reseal
from earshot.settings import settings
from earshot.storage.postgres import corrections
from earshot.storage.postgres.db import Connection

PLACES = ("recordings", "glossaries")
"""Of the store. What is in the inbox is removed when it is decoded."""
_HALF = re.compile(r"\.writing-")


def by_key() -> Counter[str | None]:
    """Number of stored files by the name of their key; None: they are not encrypted.

    Raises:
        Permanent: ``sound_damaged``.
        Unavailable: the store does not answer.
    """
    url, found = settings().store_url, Counter[str | None]()
    for each in _files():
        try:
            found[key_at(url, each.path)] += 1
        except BadAudio:  # deleted meanwhile
            continue
    return found


def reencrypt(connection: Connection) -> Iterator[tuple[str, int]]:
    """Encrypts what another key than the newest encrypted, or none, and yields each folder that had
    such files, with their number; -1 for a recording that is being analysed, which is left as it
    is. No round begins on a recording, and nothing of it is deleted or erased, meanwhile.

    Raises:
        Misconfigured: ``sound_keys``, there are no keys.
        Permanent: ``sound_damaged``.
        Unavailable: the store or Postgres does not answer; ``sound_key``.
    """
    newest = used().newest
    if newest is None:
        raise Misconfigured("sound_keys", "set EARSHOT_SOUND_KEYS to the key to encrypt with")
    for folder, files in groupby(_files(), lambda each: each.path.rpartition("/")[0]):
        old = [each.path for each in files if _is_old(each.path, newest)]
        if not old:
            continue
        with connection.transaction():
            yield folder, sum(map(_reseal, old)) if _is_at_rest(connection, folder) else -1


def _is_at_rest(connection: Connection, folder: str) -> bool:
    place, _, name = folder.partition("/")
    if place != PLACES[0]:
        return True  # versions of glossaries never change
    try:
        row = corrections.lock(connection, UUID(name))
    except ValueError:  # it is of no recording; upkeep removes it
        return False
    return row is not None and RecordingState(row[0]).closed


def _is_old(path: str, newest: str) -> bool:
    try:
        return key_at(settings().store_url, path) != newest
    except BadAudio:
        return False


def _reseal(path: str) -> int:
    try:
        reseal(settings().store_url, path)
    except BadAudio:
        return 0
    return 1


def _files() -> Iterator[Stored]:
    for place in PLACES:
        found = stored(settings().store_url, place)
        yield from (each for each in found if not each.path.endswith("/") and not _half(each.path))


def _half(path: str) -> bool:
    return _HALF.match(path.rpartition("/")[2]) is not None
