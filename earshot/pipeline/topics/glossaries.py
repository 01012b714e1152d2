"""The glossary of a recording, and its version: the file as it is now."""

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from earshot.analysis.errors import BadAudio, Forbidden, Growing, Misconfigured
from earshot.analysis.request import IngestRequest
from earshot.analysis.topics.by_model import BY_MODEL
from earshot.analysis.topics.glossary import MOST_BYTES, Glossary, unreadable
from earshot.analysis.topics.reading import read
from earshot.analysis.types import Release
from earshot.audio.media_file import opened
from earshot.audio.store import glossaries
from earshot.audio.store.growing import still_written
from earshot.settings import settings

TOPICS = "topics"
"""The analysis whose releases are the versions of glossaries."""
_MODEL = re.compile(r"-bedrock-([0-9a-f]{8})$")
_URI = re.compile(r"glossary:(?P<name>[a-z0-9][a-z0-9_-]{0,31})(?P<suffix>\.csv|\.xlsx)")


class Version(NamedTuple):
    """The content of a glossary's file."""

    name: str
    file: str
    data: bytes
    sha256: str

    @property
    def suffix(self) -> str:
        return Path(self.file).suffix.lower()


def applying(request: IngestRequest) -> str | None:
    """Name of the glossary of a recording: of its request, else of its source; None: none."""
    return request.glossary or settings().glossary_of(request.uri, request.tenant)


def check_name(name: str | None) -> None:
    """Refuses a request that names a glossary which the settings lack.

    Raises:
        Misconfigured: ``glossary``.
    """
    if name is not None and name not in settings().glossaries:  # requests of any tenant read this
        raise Misconfigured("glossary", f"no glossary named {name}")


def present(name: str) -> Version:
    """The version that a glossary has now. While its file is being written, the one before, if this
    process has read it.

    Raises:
        Misconfigured: ``glossary``, the file cannot be read, or the settings lack the name.
        Growing: the file is being written.
    """
    path = settings().glossaries.get(name)
    if path is None:
        raise Misconfigured("glossary", f"no glossary named {name} (any more)")
    try:
        with opened(path) as file:
            if still_written(file):
                if name in _last():
                    return _last()[name]
                raise Growing("growing", f"{path.name} is being written; it is read after that")
            with file.reader() as reader:
                data = reader.read(MOST_BYTES + 1)
            file.check_unchanged()
    except (BadAudio, Forbidden) as error:
        raise unreadable(path.name, [f"cannot be read: {error}"]) from error
    found = Version(name, path.name, data, hashlib.sha256(data).hexdigest())
    _last()[name] = found
    return found


@cache
def _last() -> dict[str, Version]:
    return {}


def checked(name: str) -> Glossary:
    """The glossary of a name, for checks.

    Raises:
        Misconfigured: ``glossary``, as ``present``, or there is a mistake in it.
        Growing: as ``present``.
    """
    version = present(name)
    return read(version.file, version.data)


def prepared(request: IngestRequest) -> Release:
    """The release for the topics of a recording; its glossary is in the store then.

    Raises:
        Misconfigured: ``glossary``, none applies, or its file cannot be read.
        Growing: as ``present``.
        Unavailable: the store does not answer.
    """
    version = _present_of(request)
    glossaries.put(settings().store_url, version.sha256, version.suffix, version.data)
    return _release(version, request.tenant)


def release_name(request: IngestRequest) -> str | None:
    """Name of the release that would find the topics of a recording now; None where no glossary
    applies, or its file cannot be read."""
    try:
        return _release(_present_of(request), request.tenant).name
    except (Misconfigured, Growing):
        return None


def _present_of(request: IngestRequest) -> Version:
    name = applying(request)
    if name is None:
        raise Misconfigured(
            "glossary",
            "no glossary applies to this recording; name one in the request, or in"
            " EARSHOT_SOURCE_GLOSSARIES",
        )
    return present(name)


def _release(version: Version, tenant: str) -> Release:
    return _named(version.name, version.suffix, version.sha256, _of_model(tenant))


def _of_model(tenant: str) -> str:
    """Digits that differ where another model is asked, or for something else; empty: none is."""
    config = settings()
    if not config.bedrock_model or tenant in config.bedrock_excluded_tenants:
        return ""
    asked = (config.bedrock_model, config.summary_language, config.bedrock_outcome)
    return hashlib.sha256(repr(asked).encode()).hexdigest()[:8]


def is_release(release: Release) -> bool:
    """True if it is as ``prepared`` makes it. Its worker reads an object of the store with that
    hash, and nothing else."""
    found = _URI.fullmatch(release.uri)
    if found is None:
        return False
    model = _MODEL.search(release.name) if release.runtime == BY_MODEL else None
    by = model[1] if model else ""
    return release == _named(found["name"], found["suffix"], release.sha256, by)


def _named(name: str, suffix: str, sha256: str, model: str) -> Release:
    return Release(
        analysis=TOPICS,
        name=f"{name}-{sha256[:8]}" + (f"-bedrock-{model}" if model else ""),
        runtime=BY_MODEL if model else "glossary",
        uri=f"glossary:{name}{suffix}",
        sha256=sha256,
    )
