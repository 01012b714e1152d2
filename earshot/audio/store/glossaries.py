"""Glossaries on their way to the workers that match them: one object for each version, named by the
hash of its content, so that a job reads the version that it was sent with."""

import re

import fsspec

from earshot.analysis.errors import Misconfigured
from earshot.analysis.topics.glossary import MOST_BYTES, SUFFIXES
from earshot.audio.store import whole
from earshot.audio.store.layout import store_errors

_SHA256 = re.compile(r"[0-9a-f]{64}")


def put(store_url: str, sha256: str, suffix: str, data: bytes) -> None:
    """Stores a version, unless it is stored.

    Raises:
        Unavailable: the store does not answer, or its disk is full.
    """
    url = _url(store_url, sha256, suffix)
    with store_errors(url):
        fs, path = fsspec.core.url_to_fs(url)
        known = fs.exists(path)
    if not known:
        whole.put(url, data)


def get(store_url: str, sha256: str, suffix: str) -> bytes:
    """The content of a version.

    Raises:
        BadAudio: ``missing``, it is not stored.
        Misconfigured: no version can have this name.
        Unavailable: the store does not answer.
    """
    return whole.read(_url(store_url, sha256, suffix), 0, MOST_BYTES)


def _url(store_url: str, sha256: str, suffix: str) -> str:
    if not _SHA256.fullmatch(sha256) or suffix not in SUFFIXES:
        raise Misconfigured("glossary", "no glossary has such a version")
    return f"{store_url.rstrip('/')}/glossaries/{sha256}{suffix}"
