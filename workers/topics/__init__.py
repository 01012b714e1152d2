"""Topics: finds the terms of the recording's glossary in its transcript, and asks a language model
where one is set (docs/topics.md)."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import PurePosixPath
from typing import NamedTuple

from earshot.analysis.errors import BadAudio, Misconfigured
from earshot.analysis.outcome import Skipped
from earshot.analysis.topics.by_model import BY_MODEL
from earshot.analysis.topics.findings import TopicsFindings
from earshot.analysis.topics.glossary import Glossary
from earshot.analysis.topics.matching import Matcher
from earshot.analysis.topics.mentions import ranked
from earshot.analysis.topics.reading import read
from earshot.analysis.types import Release
from earshot.audio.clip import Clip
from earshot.audio.store import glossaries
from earshot.settings import settings
from workers.topics import asking

FINDINGS = TopicsFindings
NO_WORDS = "no_words"
"""Reason of ``Skipped``: speech recognition wrote no word, or was not asked for."""
KEPT = 8
"""Versions of glossaries that a process keeps."""


class Loaded(NamedTuple):
    """A version of a glossary."""

    name: str
    sha256: str
    glossary: Glossary
    matcher: Matcher
    by_model: bool
    """A language model is asked, too."""


def load(release: Release, device: str) -> Loaded:
    """Reads the version of the glossary that the release names; none for the release that stands
    for the code alone.

    Raises:
        Misconfigured: ``glossary``, there is a mistake in it.
        Unavailable: the store does not answer.
    """
    version = _loaded(release.uri.removeprefix("glossary:"), release.sha256)
    return version._replace(by_model=release.runtime == BY_MODEL)


@lru_cache(KEPT)
def _loaded(file: str, sha256: str) -> Loaded:
    path = PurePosixPath(file)
    if not file:
        return Loaded("", "", Glossary(), Matcher(Glossary()), by_model=False)
    try:
        data = glossaries.get(settings().store_url, sha256, path.suffix)
    except BadAudio as error:
        raise Misconfigured(
            "glossary", f"{error.args[1]}; give all processes one EARSHOT_AUDIO_STORE"
        ) from error
    glossary = read(file, data)
    return Loaded(path.stem, sha256, glossary, Matcher(glossary), by_model=False)


def analyze(model: Loaded, clips: Sequence[Clip]) -> list[TopicsFindings | Skipped]:
    return [_analyze(model, clip) for clip in clips]


def _analyze(model: Loaded, clip: Clip) -> TopicsFindings | Skipped:
    transcript = clip.transcript()
    if not any(turn.words for turn in transcript.turns):
        return Skipped(reason=NO_WORDS)
    return TopicsFindings(
        glossary=model.name,
        version=model.sha256,
        topics=ranked(transcript.turns, model.matcher),
        by_model=asking.ask(transcript, clip.ref.language, model.glossary, clip.ref.tokens or 0)
        if model.by_model
        else None,
    )
