"""Rounds: parts of a closed recording are analysed again. Earlier findings stay readable until the
new ones are merged."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from earshot.analysis.errors import Permanent
from earshot.analysis.spans import fuse
from earshot.analysis.states import RecordingState
from earshot.analysis.types import (
    SCOPES,
    TRANSCRIPT,
    Frozen,
    SpeakerCount,
    Utterance,
    pack_speech,
    unpack_speech,
)
from earshot.storage.postgres import dead_letters, recordings
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries
from earshot.storage.postgres.recordings import NewChunk

SQL = queries("rounds")

Scopes = Mapping[str, str]
"""Every registered analysis to its scope: ``chunk``, or one of ``SCOPES``."""

COUNTS_SPEAKERS = "diarization"
"""The analysis that a number of speakers applies to."""


class Choice(Frozen):
    """Selects the analyses of a recording to repeat."""

    missing: bool = False
    """Requested analyses without an outcome."""
    failed: bool = False
    """Failed analyses, including those for which an older answer was kept."""
    stale: bool = False
    """Answers of a release that is no longer active."""
    analyses: tuple[str, ...] = ()
    """These analyses, for every chunk, even if they were not requested before."""
    speakers: SpeakerCount | None = None
    """Number of speakers, if known; replaces that of the request."""


def choose(
    connection: Connection,
    recording_id: UUID,
    choice: Choice,
    scopes: Scopes,
    active: Mapping[str, str],
) -> dict[int, set[str]]:
    """Chunk index to the analyses to repeat. ``active``: analysis to its active release;
    one without is not stale.

    Raises:
        Permanent: ``unknown_recording``; ``audio_expired``, analyses are selected, but the audio is
            removed.
    """
    row = _row(connection, recording_id)
    asked = {name for name in row["analyses"] if name in scopes}
    found = connection.execute(SQL["findings"], {"id": recording_id}).fetchall()
    answered = {
        (each["index"], each["analysis"]): each for each in found if each["analysis"] in scopes
    }
    indexes = [each["index"] for each in connection.execute(SQL["chunks"], {"id": recording_id})]
    chosen: set[tuple[int, str]] = set()
    if choice.failed:
        kept = kept_answers(connection, recording_id)
        chosen |= {
            (i, name)
            for (i, name), each in answered.items()
            if each["status"] == "failed" or name in kept.get(i, ())
        }
        # what the report judges over all chunks together may be missing from one that succeeded
        gaps = connection.execute(SQL["reported_missing"], {"id": recording_id}).fetchall()
        chosen |= {(gap["index"], gap["analysis"]) for gap in gaps} & set(answered)
    chosen |= {
        (index, name)
        for index, name in answered
        if choice.stale and name in active and answered[index, name]["release"] != active[name]
    }
    if choice.missing:
        chosen |= set(_places(asked, indexes, scopes)) - set(answered)
    chosen |= set(_places(choice.analyses, indexes, scopes))
    _check_audio(recording_id, row, {index for index, _ in chosen})
    return _by_chunk(chosen)


def lacking(
    connection: Connection, recording_id: UUID, asked: Iterable[str], speakers: SpeakerCount | None
) -> Choice:
    """The analyses among ``asked`` that the recording lacks, or has with another number of
    speakers; call it inside the transaction that opens the round.

    Raises:
        Permanent: ``unknown_recording``.
    """
    row = _row(connection, recording_id)
    names = [name for name in asked if name not in row["analyses"]]
    counted = speakers and not row["roles"] and COUNTS_SPEAKERS in asked
    if speakers and counted and row["request"].get("speakers") != speakers.model_dump():
        return Choice(analyses=tuple(dict.fromkeys([*names, COUNTS_SPEAKERS])), speakers=speakers)
    return Choice(analyses=tuple(names))


def uncut(connection: Connection, recording_id: UUID) -> tuple[int, tuple[Utterance, ...]] | None:
    """Length (ms) and speech of a recording without chunks, for which only analyses of the whole
    were requested; None for others."""
    row = connection.execute(SQL["uncut"], {"id": recording_id}).fetchone()
    return (row["duration_ms"], unpack_speech(row["speech"])) if row else None


def kept_answers(connection: Connection, recording_id: UUID) -> dict[int, set[str]]:
    """Chunk index to the analyses whose repetition failed, so that their earlier answer was
    kept."""
    rows = connection.execute(SQL["kept"], {"id": recording_id}).fetchall()
    return _by_chunk((row["index"], row["analysis"]) for row in rows)


def reopen(
    connection: Connection,
    recording_id: UUID,
    wanted: Mapping[int, Collection[str]],
    speakers: SpeakerCount | None = None,
    cut: Sequence[NewChunk] = (),
) -> int:
    """Opens a new round for these analyses of these chunks, in one transaction, and returns its
    number; the chunks are pending then, and their dead letters are closed. ``speakers``: as in
    ``Choice``. ``cut``: the chunks of a recording that is ``uncut`` so far.

    Raises:
        Permanent: ``still_open``, it is being analysed; ``never_decoded``, it has no audio;
            ``audio_expired``, its audio was removed; ``same_content``, it had failed, and another
            recording with the same content replaced it since.
    """
    try:
        return _reopen(connection, recording_id, wanted, speakers, cut)
    except psycopg.errors.UniqueViolation:
        owner = connection.execute(SQL["owner"], {"id": recording_id}).fetchone()
        if owner is None:  # it failed or was deleted between the two statements
            return reopen(connection, recording_id, wanted, speakers, cut)
        other = f"the same content was ingested again as {owner['id']}"
        raise Permanent(
            "same_content", f"recording {recording_id} failed, and {other}; rerun that one"
        ) from None


def _reopen(
    connection: Connection,
    recording_id: UUID,
    wanted: Mapping[int, Collection[str]],
    speakers: SpeakerCount | None,
    cut: Sequence[NewChunk],
) -> int:
    with connection.transaction():
        row = _row(connection, recording_id)
        if not RecordingState(row["state"]).closed:
            raise Permanent(
                "still_open",
                f"recording {recording_id} is {row['state']}; wait until it is finished",
            )
        if row["duration_ms"] is None:
            raise Permanent(
                "never_decoded",
                f"recording {recording_id} was never decoded; ingest its file again",
            )
        _check_audio(recording_id, row, wanted)
        number = int(row["round"]) + 1
        analyses = [
            *row["analyses"],
            *sorted({name for names in wanted.values() for name in names} - set(row["analyses"])),
        ]
        _add_rows(connection, recording_id, row["duration_ms"], wanted)
        recordings.add_chunks(connection, recording_id, cut)
        addition = Jsonb({"speakers": speakers.model_dump()}) if speakers else None
        opened = {"id": recording_id, "round": number, "analyses": analyses, "request": addition}
        connection.execute(SQL["reopen_recording"], opened)
        for index, names in sorted(wanted.items()):
            chunk = {"id": recording_id, "index": index, "round": number, "wanted": sorted(names)}
            connection.execute(SQL["reopen_chunk"], chunk)
            dead_letters.asked_again(connection, recording_id, index, names)
    return number


def _row(connection: Connection, recording_id: UUID) -> dict[str, Any]:
    row = connection.execute(SQL["lock"], {"id": recording_id}).fetchone()
    if row is None:
        raise Permanent("unknown_recording", f"there is no recording {recording_id} (any more)")
    return row


def _check_audio(recording_id: UUID, row: Mapping[str, Any], indexes: Iterable[int]) -> None:
    """The transcript is made of findings: its analyses need no audio."""
    if row["audio_expired_at"] is not None and set(indexes) - {TRANSCRIPT}:
        day = f"{row['audio_expired_at']:%Y-%m-%d}"
        reason = (
            f"the audio of recording {recording_id} was removed for its age on {day}; its report"
            " stays"
        )
        raise Permanent("audio_expired", f"{reason}; ingest its file again with --force")


def _by_chunk(places: Iterable[tuple[int, str]]) -> dict[int, set[str]]:
    named: dict[int, set[str]] = {}
    for index, name in places:
        named.setdefault(index, set()).add(name)
    return named


def _places(
    names: Iterable[str], indexes: Collection[int], scopes: Scopes
) -> Iterable[tuple[int, str]]:
    """Pairs of chunk index and analysis: the single index of its scope, or every chunk."""
    for name in names:
        alone = SCOPES.get(scopes[name])
        where = [index for index in indexes if index >= 0] if alone is None else [alone]
        yield from ((index, name) for index in where)


def _add_rows(
    connection: Connection,
    recording_id: UUID,
    duration_ms: int,
    wanted: Mapping[int, Collection[str]],
) -> None:
    """Inserts the missing rows for analyses of the whole recording and of the transcript."""
    chunks = connection.execute(SQL["chunks"], {"id": recording_id}).fetchall()
    lacking = set(SCOPES.values()) & set(wanted) - {row["index"] for row in chunks}
    if not lacking:
        return
    utterances = [utterance for row in chunks for utterance in unpack_speech(row["speech"])]
    speech = pack_speech(
        Utterance(channel=channel, start_ms=span.start_ms, end_ms=span.end_ms)
        for channel in sorted({each.channel for each in utterances})
        for span in fuse(each for each in utterances if each.channel == channel)
    )
    row = {"id": recording_id, "duration_ms": duration_ms, "speech": Jsonb(speech)}
    for index in sorted(lacking):
        connection.execute(SQL["add_whole"], {**row, "index": index})
