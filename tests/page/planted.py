"""Recordings that are put into the database, for views of what an analysis rarely gives."""

from copy import deepcopy
from typing import Any
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from earshot.analysis.report.report import Report
from earshot.analysis.request import IngestRequest
from earshot.storage.postgres import db
from tests.servers import Stack

INSERT = """
INSERT INTO recording (id, tenant, state, request, file_name, sha256, forced, analyses, roles,
  language, duration_ms, channels, native_rate, container, codec, finished_at, error_code,
  error_detail)
VALUES (%(id)s, %(tenant)s, %(state)s, %(request)s, %(file_name)s, %(sha256)s, true, %(analyses)s,
  %(roles)s, 'en', %(duration_ms)s, %(channels)s, 16000, 'wav', 'pcm_s16le', now(), %(error_code)s,
  %(error_detail)s)
"""

STATE = """
UPDATE recording SET state = %(state)s,
  finished_at = CASE WHEN %(state)s IN ('complete', 'partial') THEN now() END
WHERE id = %(id)s
"""
# Beat closes a recording of which nothing is pending, within a minute.
PENDING = """
INSERT INTO chunk (recording_id, index, start_ms, end_ms, speech, wanted, state, dispatched_at)
VALUES (%(id)s, 0, 0, 1000, '[]', '{asr}', 'dispatched', now())
"""
NONE_PENDING = "DELETE FROM chunk WHERE recording_id = %(id)s AND state = 'dispatched'"


def plant(
    stack: Stack, report: dict[str, Any] | None, file_name: str = "planted.wav", **fields: Any
) -> str:
    """A closed recording with this report, without sound."""
    facts = report["recording"] if report else {}
    row = {
        "id": uuid4(),
        "tenant": "default",
        "request": Jsonb(IngestRequest(uri="file:///planted.wav").model_dump(mode="json")),
        "state": report["status"] if report else "failed",
        "file_name": file_name,
        "sha256": f"{uuid4().int % 16**64:064x}",
        "analyses": ["scene", "asr", "emotion"],
        "roles": facts.get("roles", []),
        "duration_ms": facts.get("duration_ms"),
        "channels": facts.get("channels"),
        "error_code": None,
        "error_detail": None,
        **fields,
    }
    with db.connect(stack.database_url) as connection:
        connection.execute(INSERT, row)
        if report:
            body = named(report, row["id"], file_name)
            Report.model_validate(body)  # the gateway reads it as one, beside its text
            connection.execute(
                "INSERT INTO report (recording_id, body) VALUES (%s, %s)", (row["id"], Jsonb(body))
            )
        connection.commit()
    return str(row["id"])


def named(report: dict[str, Any], recording_id: UUID, file_name: str) -> dict[str, Any]:
    made = deepcopy(report)
    made["recording"] |= {"id": str(recording_id), "file_name": file_name}
    return made


def repeated(report: dict[str, Any], hours: float) -> dict[str, Any]:
    """The report of a recording that has the same again and again for so long."""
    made = deepcopy(report)
    length = report["recording"]["duration_ms"]
    times = int(hours * 3_600_000 / length)
    made["recording"]["duration_ms"] = times * length
    for name in ("turns", "scene", "sounds"):
        made[name] = [later(each, n * length) for n in range(times) for each in report[name]]
    for number, turn in enumerate(made["turns"]):
        turn["id"] = f"t{number}"
    made["noise"]["timeline"] = [
        later(each, n * length) for n in range(times) for each in report["noise"]["timeline"]
    ]
    return made


def later(each: dict[str, Any], ms: int) -> dict[str, Any]:
    moved = {**each, "start_ms": each["start_ms"] + ms, "end_ms": each["end_ms"] + ms}
    if "words" in each:
        moved["words"] = [later(word, ms) for word in each["words"]]
    return moved


def silent(report: dict[str, Any]) -> dict[str, Any]:
    """The report of a recording without speech."""
    made = deepcopy(report)
    made |= {"turns": [], "speakers": [], "sentiment": [], "transcript_confidence": None}
    made["conversation"] = None  # its figures are of those turns
    return made


def of_eight_channels(report: dict[str, Any]) -> dict[str, Any]:
    """The report of a recording with a voice on each of eight channels."""
    made = deepcopy(report)
    made["recording"] |= {"channels": 8, "roles": []}
    made["recording"]["quality"] = None
    speaker = report["speakers"][0]
    made["speakers"] = [
        {**speaker, "id": f"s{n}", "channel": n, "role": None, "talk_ms": 4000 + n}
        for n in range(8)
    ]
    for number, turn in enumerate(made["turns"]):
        turn |= {"speaker": f"s{number % 8}", "channel": number % 8, "role": None}
    return made


def scored(report: dict[str, Any]) -> dict[str, Any]:
    """The report with sentiments of words: opposed to the voice, unsure, outdated, one word."""
    made = deepcopy(report)
    turns = made["turns"][:4]
    negative = {"negative": 0.71, "neutral": 0.2, "positive": 0.09}
    positive = {"negative": 0.05, "neutral": 0.15, "positive": 0.8}
    text = {"status": "scored", "reason": None, "words": 7, "model": "text-sentiment-3"}
    none = {"label": None, "confidence": None, "scores": {}}
    fused = {"text": negative, "voice": positive, "disagreement": 0.71, "opposed": False}
    for turn in turns:
        turn["sentiment"] = {"label": "positive", "confidence": 0.8, "scores": positive}
        turn["text_sentiment"] = text | {"status": "not_scored", "reason": "outdated"} | none
        turn["fusion"] = fused | {"basis": "voice", "text": {}, "disagreement": None}
        turn["fusion"] |= turn["sentiment"]
    first, second = made["speakers"][0]["id"], made["speakers"][1]["id"]
    turns[0]["text_sentiment"] = text | {"label": "negative", "confidence": 0.71}
    both = {"negative": 0.446, "neutral": 0.176, "positive": 0.378}
    turns[0]["fusion"] = fused | {"basis": "both", "label": "negative", "confidence": 0.446}
    turns[0]["fusion"] |= {"scores": both, "opposed": True}
    turns[1]["text_sentiment"] = text | {"label": "neutral", "confidence": 0.45}
    turns[3]["text_sentiment"]["reason"] = "too_short"
    for each in made["text_sentiment"]["speakers"]:
        if each["speaker"] == first:
            each["overall"] = turns[0]["text_sentiment"]
        else:
            each["overall"] = turns[3]["text_sentiment"]
    for each in made["fusion"]["speakers"]:
        one = each["speaker"] == first
        each |= {"overall": turns[0 if one else 3]["fusion"], "opposed_turns": 2 if one else 0}
    made["sentiment"] = [
        {**turns[0]["sentiment"], "role": None, "speaker": each, "speech_ms": 9000}
        for each in (first, second)
    ]
    return made


def about(report: dict[str, Any]) -> dict[str, Any]:
    """The report with topics, a language model's answer, and rules that match."""
    made = deepcopy(report)
    turn = next(each for each in made["turns"] if len(each["words"]) > 2)
    first, second = turn["words"][:2]
    mention = {name: turn[name] for name in ("speaker", "role", "start_ms", "end_ms")}
    mention |= {"turn": turn["id"], "term": first["text"], "text": first["text"]}
    exact = mention | {"match": "exact", "score": 1.0, "start_ms": first["start_ms"]}
    near = mention | {"match": "fuzzy", "score": 0.9091, "term": "direct debit"}
    near |= {"text": "direct debbit", "start_ms": second["start_ms"]}
    made["topics"] = {
        "glossary": "b2c",
        "version": "1a2b3c4d" * 8,
        "topics": [
            {"id": "delivery", "label": "Delivery <b>", "mentions": [exact] * 7},
            {"id": "billing", "label": "Billing", "mentions": [near]},
        ],
        "by_model": {
            "status": "classified",
            "model": "a-model",
            "topics": [{"id": "billing", "label": "Billing"}],
            "summary": "Le client attend un colis.",
            "summary_language": "fr",
            "issues": ["a lost parcel"],
            "actions": [],
            "tokens": 2310,
        },
    }
    hit = {"condition": "all.0", "turn": turn["id"], "role": turn["role"], "value": {}}
    hit |= {"start_ms": first["start_ms"], "end_ms": second["end_ms"]}
    spoken = hit | {"kind": "words", "first_word": 0, "last_word": 1}
    placed = hit | {"first_word": None, "last_word": None}
    voice = {"label": "negative", "confidence": 0.71}
    quiet = {"turn": None, "role": None, "value": {"ms": 4500.0}}
    absent = {"turn": None, "role": "agent", "value": {"absent": "words"}}
    made["categories"] = [
        {
            "name": "cancellation",
            "rule": str(uuid4()),
            "version": 3,
            "start_ms": hit["start_ms"],
            "end_ms": hit["end_ms"],
            "hits": [
                spoken,
                placed | {"kind": "sentiment", "value": voice},
                placed | {"kind": "silence", "start_ms": 20_000, "end_ms": 24_500} | quiet,
                placed | {"kind": "not", "start_ms": 50_000, "end_ms": 80_000} | absent,
            ],
            "hits_total": 9,
        }
    ]
    return made


def partial(report: dict[str, Any]) -> dict[str, Any]:
    made = deepcopy(report)
    detail = "the recogniser was killed three times"
    made["status"] = "partial"
    made["missing"] = [
        {"analysis": "asr", "chunk": 2, "code": "worker_lost", "detail": detail},
        {"analysis": "asr", "chunk": 3, "code": "worker_lost", "detail": detail},
    ]
    return made


def analysed_anew(stack: Stack, recording_id: str, report: dict[str, Any], number: int) -> None:
    """Gives a planted recording the report of a further round."""
    body = named(report, UUID(recording_id), report["recording"]["file_name"])
    with db.connect(stack.database_url) as connection:
        connection.execute(
            "UPDATE report SET body = %s WHERE recording_id = %s", (Jsonb(body), recording_id)
        )
        connection.execute("UPDATE recording SET round = %s WHERE id = %s", (number, recording_id))
        connection.commit()


def set_state(stack: Stack, recording: str, state: str) -> None:
    """Puts a recording into a state, as a round of analyses does."""
    with db.connect(stack.database_url) as connection, connection.transaction():
        connection.execute(STATE, {"state": state, "id": recording})
        connection.execute(PENDING if state == "analyzing" else NONE_PENDING, {"id": recording})


def without_corrections(report: dict[str, Any]) -> dict[str, Any]:
    return {**report, "corrections": None}
