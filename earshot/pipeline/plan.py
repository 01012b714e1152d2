"""Plans how a recording is cut into chunks, and which analyses each chunk needs."""

from collections.abc import Collection, Iterable, Sequence

from earshot.analysis.request import IngestRequest
from earshot.analysis.types import SCOPES, Interval, Utterance
from earshot.audio.plan import PlanLimits, speech_in
from earshot.pipeline.topics import glossaries
from earshot.registry import cards
from earshot.settings import settings
from earshot.storage.postgres.recordings import NewChunk

WORDS = "asr"
"""The analysis that finds what redaction removes."""


def requested(request: IngestRequest) -> tuple[str, ...]:
    """The analyses that the request names; those of its profile if it names none, without those
    that need a glossary where none applies. Redaction is asked for by ``redact`` alone, and needs
    words."""
    full = request.profile == "full"
    asked = request.analyses or tuple(
        card.name
        for card in cards()
        if (full or not card.on_demand) and (not card.glossary or glossaries.applying(request))
    )
    redacting = {card.name for card in cards() if card.redacts}
    names = [name for name in asked if name not in redacting]
    if request.redacted_kinds:
        names += [name for name in (WORDS, *redacting) if name not in names]
    return tuple(names)


def plan_limits() -> PlanLimits:
    """Chunk lengths from the settings."""
    config = settings()
    return PlanLimits.of_seconds(
        config.chunk_duration_sec, config.chunk_max_sec, config.overlap_sec
    )


def new_chunks(
    asked: Collection[str],
    duration_ms: int,
    spans: Sequence[Interval],
    utterances: Iterable[Utterance],
) -> list[NewChunk]:
    """One row per span if an analysis of chunks is requested, and one row each for the whole
    recording and the transcript if an analysis of that scope is."""
    whole, spoken = Interval(start_ms=0, end_ms=duration_ms), tuple(utterances)
    places = {scope: [(index, whole)] for scope, index in SCOPES.items()}
    places["chunk"] = list(enumerate(spans))
    rows = [
        (index, span, names)
        for scope, where in places.items()
        if (names := tuple(c.name for c in cards() if c.scope == scope and c.name in asked))
        for index, span in where
    ]
    return [
        NewChunk(index=index, span=span, speech=speech_in(span, spoken), wanted=names)
        for index, span, names in rows
    ]
