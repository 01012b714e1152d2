"""How recordings are cut into chunks, and the analyses that each chunk is for."""

from collections.abc import Collection, Iterable, Sequence

from earshot.analysis.request import IngestRequest
from earshot.analysis.types import WHOLE, Interval, Utterance
from earshot.audio.plan import PlanLimits, speech_in
from earshot.registry import analyses, cards
from earshot.settings import settings
from earshot.storage.postgres.recordings import NewChunk


def requested(request: IngestRequest) -> tuple[str, ...]:
    """The analyses that the request names; all where it names none."""
    return request.analyses or tuple(analyses())


def plan_limits() -> PlanLimits:
    """Length of chunks, by the settings."""
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
    """One row per span where an analysis of chunks is asked for, and one for the whole recording
    where one of recordings is."""
    of_whole, of_chunks = (
        tuple(card.name for card in cards() if card.scope == scope and card.name in asked)
        for scope in ("recording", "chunk")
    )
    whole, spoken = Interval(start_ms=0, end_ms=duration_ms), tuple(utterances)
    rows = [(WHOLE, whole, of_whole)] if of_whole else []
    rows += [(index, span, of_chunks) for index, span in enumerate(spans)] if of_chunks else []
    return [
        NewChunk(index=index, span=span, speech=speech_in(span, spoken), wanted=names)
        for index, span, names in rows
    ]
