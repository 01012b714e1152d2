"""Repeats analyses of a recording, or adds analyses that were not requested before."""

from collections.abc import Collection, Mapping
from uuid import UUID

from earshot.analysis.errors import Permanent, Transient
from earshot.analysis.request import IngestRequest
from earshot.analysis.states import RecordingState
from earshot.analysis.types import TRANSCRIPT, SpeakerCount
from earshot.audio.plan import plan_chunks, speech_in
from earshot.pipeline.dispatch import dispatch
from earshot.pipeline.plan import plan_limits
from earshot.pipeline.ports import Publisher
from earshot.pipeline.releases import active
from earshot.pipeline.topics.glossaries import TOPICS, release_name
from earshot.registry import analyses, cards
from earshot.storage.postgres import recordings, rounds
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.recordings import NewChunk
from earshot.storage.postgres.rounds import Choice

TRANSCRIBE = ("asr", "diarization")
"""Analyses that provide the words and speakers of a transcript."""


def plan(connection: Connection, recording_id: UUID, choice: Choice) -> dict[int, set[str]]:
    """Chunk index to the analyses that ``choice`` selects, and to those of the transcript that
    follow from them; nothing is changed yet.

    Raises:
        Permanent: ``unknown_recording``; ``never_decoded``, there is no audio for the selected
            analyses.
    """
    scopes = {card.name: card.scope for card in cards()}
    with connection.transaction():
        names = _active_names(connection, recording_id)
        wanted = rounds.choose(connection, recording_id, choice, scopes, names)
        chunks = _chunks_of_uncut(connection, recording_id)
    of_chunks = {name for name in choice.analyses if scopes[name] == "chunk"}
    if of_chunks:
        wanted |= {chunk.index: set(of_chunks) for chunk in chunks}
        if not any(index >= 0 for index in wanted):
            raise Permanent(
                "never_decoded",
                f"recording {recording_id} was never decoded; ingest its file again",
            )
    return _with_readers(connection, recording_id, wanted)


def _active_names(connection: Connection, recording_id: UUID) -> dict[str, str]:
    """Analysis to the name of the release that would answer for this recording now."""
    names = {name: release.name for name, release in active(connection).items()}
    recording = recordings.get(connection, recording_id)
    topics = recording and release_name(IngestRequest.model_validate(recording.request))
    names.pop(TOPICS, None)
    return names | ({TOPICS: topics} if topics else {})


def start_round(
    connection: Connection,
    publisher: Publisher,
    recording_id: UUID,
    wanted: Mapping[int, Collection[str]],
    speakers: SpeakerCount | None = None,
) -> int:
    """Repeats the named analyses of these chunks in a new round, and those of the transcript that
    follow from them; returns the number of pairs of chunk and analysis, and does nothing if there
    are none. ``speakers``: as in ``Choice``.

    Raises:
        Permanent: ``still_open``, ``never_decoded``, ``same_content``, or ``unknown_analysis``: one
            is no longer in the registry.
        Unavailable: Redis or Postgres is unavailable; upkeep dispatches the round later.
    """
    if wanted:
        wanted = _with_readers(connection, recording_id, wanted)
        _reopen(connection, recording_id, wanted, speakers)
        dispatch(connection, publisher, recording_id)
    return sum(len(names) for names in wanted.values())


def extend(
    connection: Connection,
    publisher: Publisher,
    recording_id: UUID,
    asked: Collection[str],
    speakers: SpeakerCount | None,
) -> tuple[str, ...]:
    """Adds, in a new round, the ``asked`` analyses that were not requested before, or not with that
    number of speakers; returns them. Other analyses are not repeated, so that the same request may
    arrive any number of times. A failed recording is not changed.

    Raises:
        Transient: ``busy``, analyses are missing and the recording is still being analysed; retry
            later.
        Permanent, Unavailable: as ``start_round``.
    """
    with connection.transaction():  # concurrent requests for the same analyses add them once
        known = [name for name in asked if name in analyses()]
        choice = rounds.lacking(connection, recording_id, known, speakers)
        recording = recordings.get(connection, recording_id)
        if not choice.analyses or recording is None or recording.state == RecordingState.FAILED:
            return ()
        if recording.finished_at is None:
            raise Transient(
                "busy",
                f"recording {recording_id} is being analysed; {', '.join(choice.analyses)} can be"
                " added then",
            )
        _reopen(connection, recording_id, plan(connection, recording_id, choice), choice.speakers)
    dispatch(connection, publisher, recording_id)
    return choice.analyses


def _reopen(
    connection: Connection,
    recording_id: UUID,
    wanted: Mapping[int, Collection[str]],
    speakers: SpeakerCount | None,
) -> None:
    gone = {name for names in wanted.values() for name in names} - set(analyses())
    if gone:
        raise Permanent(
            "unknown_analysis", f"there is no analysis {', '.join(sorted(gone))} (any more)"
        )
    cut = _chunks_of_uncut(connection, recording_id) if any(index >= 0 for index in wanted) else []
    rounds.reopen(connection, recording_id, wanted, speakers, cut)


def _with_readers(
    connection: Connection, recording_id: UUID, wanted: Mapping[int, Collection[str]]
) -> dict[int, set[str]]:
    """Adds the recording's analyses of the transcript to ``wanted``, if the wanted analyses change
    the transcript."""
    recording = recordings.get(connection, recording_id)
    readers = {
        card.name
        for card in cards()
        if card.scope == "transcript" and recording and card.name in recording.analyses
    }
    changed = any(name in TRANSCRIBE for names in wanted.values() for name in names)
    added = {TRANSCRIPT: readers} if readers and changed else {}
    return {
        index: {*wanted.get(index, ()), *added.get(index, ())}
        for index in sorted({*wanted, *added})
    }


def _chunks_of_uncut(connection: Connection, recording_id: UUID) -> list[NewChunk]:
    """Chunks for a recording without any, because no analysis of chunks was requested so far; empty
    for others."""
    found = rounds.uncut(connection, recording_id)
    if found is None:
        return []
    duration_ms, utterances = found
    return [
        NewChunk(index=index, span=span, speech=speech_in(span, utterances), wanted=())
        for index, span in enumerate(plan_chunks(duration_ms, utterances, plan_limits()))
    ]
