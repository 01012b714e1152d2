"""Which contents are answered by recordings that are stored already."""

from collections.abc import Collection, Mapping
from typing import Any

from earshot.analysis.errors import SURROUNDINGS
from earshot.analysis.states import RecordingState
from earshot.settings import settings
from earshot.storage.postgres import lookup
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.lookup import Stored

SAME = frozenset(
    {"roles", "recorder", "direction", "analyses", "profile", "speakers", "accept_truncated"}
)
"""Options in which the request of a stored recording must equal the one that would be made."""


def known(
    connection: Connection,
    digests: Collection[str],
    wanted: Mapping[str, Any],
    *,
    failed_again: bool = False,
) -> dict[str, Stored]:
    """Digest to the recording that answers for the content: one that did not fail goes first, then
    the newest. A failure for the surroundings of the file (a full disk) is no answer about it.

    Args:
        wanted: the request that would be made, as JSON.
        failed_again: without those that failed.
    """
    language = wanted.get("language") or settings().language
    answers: dict[str, Stored] = {}
    for each in lookup.of_content(connection, digests):
        failed = each.state == RecordingState.FAILED
        if failed and (failed_again or each.error_code in SURROUNDINGS):
            continue
        if each.language != language or not _same(each, wanted):
            continue
        before = answers.get(each.sha256)
        if before is None or (before.state == RecordingState.FAILED and not failed):
            answers[each.sha256] = each
    return answers


def _same(each: Stored, wanted: Mapping[str, Any]) -> bool:
    return all(each.request.get(name, wanted.get(name)) == wanted.get(name) for name in SAME)
