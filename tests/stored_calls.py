"""Two thousand stored calls of a few minutes, for what runs over stored calls."""

import random
from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from uuid import uuid4

from psycopg.types.json import Jsonb

from earshot.analysis.report.report import Report
from earshot.storage.postgres.db import Connection

ROLES = ("agent", "customer")
EVERYDAY = (
    "the and you to that it of we so have for your is what but can just this was yes okay right"
    " account number please moment check order delivery invoice street monday system phone again"
    " really maybe because would could thanks help line open send email name first minute"
)
WORDS_A_TURN, TURNS = 12, 60
DISTINCT = 100
EMOTIONS = ("neutral", "happy", "angry", "sad")
RECORDING = """
INSERT INTO recording (id, tenant, state, request, file_name, sha256, forced, analyses, roles,
  language, duration_ms, channels, native_rate, container, codec, created_at, finished_at)
VALUES (%(id)s, %(tenant)s, 'complete', '{}', %(file_name)s, %(sha256)s, true, '{asr,emotion}',
  '{agent,customer}', 'en', %(duration_ms)s, 2, 8000, 'wav', 'pcm_s16le',
  now() - make_interval(mins => %(age)s), now())
"""
REPORT = "INSERT INTO report (recording_id, body) VALUES (%s, %s)"
COPIES = """
WITH made AS (
  INSERT INTO recording (id, tenant, state, request, file_name, sha256, forced, analyses, roles,
    language, duration_ms, channels, native_rate, container, codec, created_at, finished_at)
  SELECT md5(r.id::text || n)::uuid, r.tenant, r.state, r.request, r.file_name || n, r.sha256, true,
    r.analyses, r.roles, r.language, r.duration_ms, r.channels, r.native_rate, r.container, r.codec,
    r.created_at - make_interval(days => n), r.finished_at
  FROM recording r, generate_series(1, %(times)s) AS n WHERE r.tenant = %(tenant)s
)
INSERT INTO report (recording_id, body)
SELECT md5(p.recording_id::text || n)::uuid, p.body
FROM report p JOIN recording r ON r.id = p.recording_id AND r.tenant = %(tenant)s,
  generate_series(1, %(times)s) AS n
"""


def plant(connection: Connection, tenant: str, count: int) -> None:
    """Stores ``count`` calls of a tenant, in twenty copies of each."""
    distinct = min(count, DISTINCT)
    with connection.transaction():
        for number, report in enumerate(reports(distinct)):
            facts = report.recording
            row = {
                "id": facts.id,
                "tenant": tenant,
                "file_name": facts.file_name,
                "sha256": f"{number:064x}",
                "duration_ms": facts.duration_ms,
                "age": number,
            }
            connection.execute(RECORDING, row)
            connection.execute(REPORT, (facts.id, Jsonb(report.model_dump(mode="json"))))
        connection.execute(COPIES, {"tenant": tenant, "times": count // distinct - 1})
    connection.execute("ANALYZE recording")
    connection.execute("ANALYZE report")


def reports(count: int) -> Iterator[Report]:
    """Distinct reports of calls of about six minutes with 720 words; in every tenth the customer
    asks to cancel."""
    for number in range(count):
        yield Report.model_validate(_report(random.Random(number), number))


def _report(rng: random.Random, number: int) -> dict[str, Any]:
    turns, at = [], 400
    for index in range(TURNS):
        role = ROLES[index % 2]
        words = rng.choices(EVERYDAY.split(), k=WORDS_A_TURN)
        if index == 9 and number % 10 == 0:
            words[3:7] = ["cancel", "my", "Résiliation", "today"]
        turns.append(_turn(rng, index, role, words, at))
        at = turns[-1]["end_ms"] + rng.randint(200, 5_000)
    quiet = [
        {"kind": "silence", "start_ms": a["end_ms"], "end_ms": b["start_ms"]}
        for a, b in pairwise(turns)
        if b["start_ms"] - a["end_ms"] >= 3_000
    ]
    return {
        "recording": {
            "id": uuid4(),
            "created_at": "2026-05-04T09:30:00Z",
            "file_name": f"call-{number}.wav",
            "sha256": f"{number:064x}",
            "duration_ms": at,
            "channels": 2,
            "roles": ROLES,
            "roles_source": "request",
            "language": "en",
            "native_rate": 8_000,
            "container": "wav",
            "codec": "pcm_s16le",
            "dual_mono": False,
            "notes": [],
            "quality": None,
        },
        "status": "complete",
        "missing": [],
        "skipped": [],
        "releases": {"asr": ["asr-tiny"], "emotion": ["emotion-small"]},
        "scene": [_stretch("speech", a, a + 4_000) for a in range(0, at - 4_000, 4_000)],
        "sounds": [_stretch("telephone_bell", 0, 900) | {"peak": 0.9}] if number % 4 == 0 else [],
        "noise": None,
        "speakers": [
            {"id": f"s{n}", "channel": n, "role": role, "talk_ms": 120_000}
            for n, role in enumerate(ROLES)
        ],
        "transcript_language": "en",
        "turns": turns,
        "sentiment": [],
        "conversation": {
            "source": "channel",
            "total": _shared(at)
            | {
                "silence_ms": sum(each["end_ms"] - each["start_ms"] for each in quiet),
                "silence_of_call": 0.2,
                "hold_music_ms": 0,
                "hold_music_of_call": 0.0,
            },
            "participants": [_participant(name, n, at) for n, name in enumerate(ROLES)],
            "quiet": quiet,
            "overlaps": [
                {
                    "kind": "interruption",
                    "by": "customer",
                    "of": "agent",
                    "start_ms": turns[0]["end_ms"],
                    "end_ms": turns[0]["end_ms"] + 700,
                }
            ],
            "speech": [
                {name: turn[name] for name in ("start_ms", "end_ms", "channel", "speaker")}
                for turn in turns
            ],
        },
        "classifications": {},
    }


def _turn(
    rng: random.Random, index: int, role: str, words: list[str], start: int
) -> dict[str, Any]:
    spoken, at = [], start
    for word in words:
        end = at + rng.randint(120, 480)
        spoken.append(
            {
                "text": word,
                "start_ms": at,
                "end_ms": end,
                "confidence": round(rng.uniform(0.5, 1), 4),
                "timing": "aligned",
            }
        )
        at = end + 30
    label = rng.choice(EMOTIONS)
    return {
        "id": f"t{index}",
        "speaker": f"s{ROLES.index(role)}",
        "role": role,
        "channel": ROLES.index(role),
        "start_ms": start,
        "end_ms": at,
        "text": " ".join(words),
        "transcribed": True,
        "words": spoken,
        "confidence": 0.8,
        "emotion": {
            "label": label,
            "label_native": label,
            "confidence": 0.7,
            "scores": {each: 0.7 if each == label else 0.1 for each in EMOTIONS},
            "abstained": False,
        },
        "sentiment": {
            "label": "negative" if label == "angry" else "neutral",
            "confidence": 0.6,
            "scores": {"negative": 0.3, "neutral": 0.6, "positive": 0.1},
        },
    }


def _stretch(label: str, start: int, end: int) -> dict[str, Any]:
    return {"label": label, "start_ms": start, "end_ms": end, "confidence": 0.9}


def _shared(length: int) -> dict[str, Any]:
    return {
        "talk_ms": length // 2,
        "talk_of_call": 0.5,
        "talk_of_speech": 0.6,
        "overtalk_ms": 700,
        "overtalk_of_call": 0.01,
        "overtalk_of_speech": 0.01,
        "turns": 30,
        "interruptions": 1,
        "back_channels": 0,
        "longest_monologue_ms": 9_000,
        "response_gap": {"median_ms": 900, "n": 30},
        "words_per_minute": {"value": 160.0, "words": 360, "speech_ms": 130_000},
    }


def _participant(name: str, number: int, length: int) -> dict[str, Any]:
    return _shared(length) | {
        "name": name,
        "role": name,
        "speakers": [f"s{number}"],
        "listen_ms": length // 2,
        "listen_of_call": 0.5,
        "loudness": {"lufs": -24.0, "view": 65.0},
        "first_speech_ms": 400,
        "sentiment_shift": {
            "value": 0.1,
            "start": 0.0,
            "end": 0.1,
            "n_start": 5,
            "n_end": 5,
        },
    }
