"""A report in the shape of Amazon Transcribe's Call Analytics, for programs that read its output
(docs/exports.md says from which figure each field comes)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from earshot.analysis.figures.sections import Conversation
from earshot.analysis.findings import Scores
from earshot.analysis.report.report import Report
from earshot.analysis.report.sections import Turn
from earshot.analysis.types import Interval
from earshot.exports.names import one_line

ROLES = {"agent": "AGENT", "customer": "CUSTOMER"}
LABELS = {"positive": "POSITIVE", "neutral": "NEUTRAL", "negative": "NEGATIVE"}
MOST = 5.0
"""Of the vendor's scale of sentiment, from -5 to 5."""
PERIODS = 4
ALARM = "fire_alarm"
Json = dict[str, Any]


def call_analytics(report: Report) -> Json:
    """The report in that shape. A field without a source is left out."""
    found: Json = {
        "JobStatus": "COMPLETED",
        "JobName": str(report.recording.id),
        "LanguageCode": report.transcript_language or report.recording.language,
        "Channel": "VOICE",
        "Participants": [{"ParticipantRole": name} for name in _participants(report)],
        "Transcript": [_turn(turn, report) for turn in report.turns if turn.text],
    }
    if report.conversation is not None:
        found["ConversationCharacteristics"] = _characteristics(report, report.conversation)
    matched = _matched(report)
    if matched:
        found["Categories"] = {
            "MatchedCategories": [*matched],
            "MatchedDetails": {
                name: {"PointsOfInterest": points} for name, points in matched.items()
            },
        }
    return found


def _matched(report: Report) -> dict[str, list[Json]]:
    """Places of the alarms and of the hits of each rule, each place once, in order of time."""
    places: dict[str, set[tuple[int, int]]] = {}
    if report.emergencies:
        places[ALARM] = {(each.start_ms, each.end_ms) for each in report.emergencies}
    for category in report.categories:
        hits = {(each.start_ms, each.end_ms) for each in category.hits}
        places.setdefault(category.name, set()).update(hits)
    return {
        name: [_span(Interval(start_ms=start, end_ms=end)) for start, end in sorted(spans)]
        for name, spans in places.items()
    }


def _participants(report: Report) -> list[str]:
    return list(dict.fromkeys(_name(each.id, each.role) for each in report.speakers))


def _name(speaker: str, role: str | None) -> str:
    """The vendor's name of a role, else the speaker's id."""
    return ROLES.get(role or "", speaker)


def _turn(turn: Turn, report: Report) -> Json:
    found: Json = {
        "Id": f"{report.recording.id}-{turn.id}",
        "ParticipantRole": _name(turn.speaker, turn.role),
        **_offsets(turn),
        "Content": one_line(turn.text),
        "Items": [
            {
                "Type": "pronunciation",
                "Content": one_line(word.text),
                "Confidence": str(word.confidence),
                **_offsets(word),
            }
            for word in turn.words
            if one_line(word.text)
        ],
    }
    answer = _answer(turn)
    if answer is not None and answer[0] in LABELS:
        found["Sentiment"] = LABELS[answer[0]]
    return found


def _answer(turn: Turn) -> tuple[str, Scores] | None:
    """Label and shares of words and voice together, else of the voice; None without an answer."""
    if turn.fusion is not None and turn.fusion.label is not None:
        return turn.fusion.label, turn.fusion.scores
    if turn.sentiment is not None and not turn.sentiment.abstained:
        return turn.sentiment.label, turn.sentiment.scores
    return None


def _characteristics(report: Report, talk: Conversation) -> Json:
    named = {each.name: _name(each.name, each.role) for each in talk.participants}
    found: Json = {
        "TotalConversationDurationMillis": report.recording.duration_ms,
        "NonTalkTime": {
            "Instances": [*map(_span, talk.quiet)],
            "TotalTimeMillis": _length(talk.quiet),
        },
        "Interruptions": _interruptions(talk, named),
        "TalkTime": {
            "DetailsByParticipant": {
                named[each.name]: {"TotalTimeMillis": each.talk_ms} for each in talk.participants
            },
            "TotalTimeMillis": sum(each.talk_ms for each in talk.participants),
        },
    }
    speeds = {
        named[each.name]: {"AverageWordsPerMinute": round(each.words_per_minute.value)}
        for each in talk.participants
        if each.words_per_minute.value is not None
    }
    if speeds:
        found["TalkSpeed"] = {"DetailsByParticipant": speeds}
    sentiment = _sentiment(report.turns)
    if sentiment:
        found["Sentiment"] = sentiment
    return found


def _interruptions(talk: Conversation, named: Mapping[str, str]) -> Json:
    found = [each for each in talk.overlaps if each.kind == "interruption"]
    return {
        "TotalCount": len(found),
        "TotalTimeMillis": _length(found),
        "InterruptionsByInterrupter": {
            named[name]: [_span(each) for each in found if each.by == name]
            for name in dict.fromkeys(each.by for each in found)
        },
    }


def _sentiment(turns: Sequence[Turn]) -> Json:
    """Overall and by quarter, of each participant with a scored turn."""
    names = dict.fromkeys(_name(turn.speaker, turn.role) for turn in turns)
    overall, periods = {}, {}
    for name in names:
        own = [turn for turn in turns if _name(turn.speaker, turn.role) == name]
        score = _score(own)
        if score is not None:
            overall[name] = score
            periods[name] = list(_quarters(own))
    if not overall:
        return {}
    return {"OverallSentiment": overall, "SentimentByPeriod": {"QUARTER": periods}}


def _quarters(turns: Sequence[Turn]) -> Iterator[Json]:
    """Of the time from the start of the recording to the participant's last speech; one without a
    scored turn is left out."""
    last = max(turn.end_ms for turn in turns)
    bounds = [last * part // PERIODS for part in range(PERIODS + 1)]
    for start, end in pairwise(bounds):
        score = _score(turn for turn in turns if start <= (turn.start_ms + turn.end_ms) // 2 < end)
        if score is not None:
            yield {"BeginOffsetMillis": start, "EndOffsetMillis": end, "Score": score}


def _score(turns: Iterable[Turn]) -> float | None:
    """Mean of positive less negative share of the scored turns, weighted by their length, times 5;
    None without any."""
    weighted, total = 0.0, 0
    for turn in turns:
        answer = _answer(turn)
        if answer is None:
            continue
        scores, length = answer[1], turn.end_ms - turn.start_ms
        weighted += length * (scores.get("positive", 0.0) - scores.get("negative", 0.0))
        total += length
    return round(MOST * weighted / total, 2) if total else None


def _span(found: Interval) -> Json:
    return {**_offsets(found), "DurationMillis": found.end_ms - found.start_ms}


def _offsets(found: Interval) -> Json:
    return {"BeginOffsetMillis": found.start_ms, "EndOffsetMillis": found.end_ms}


def _length(found: Iterable[Interval]) -> int:
    return sum(each.end_ms - each.start_ms for each in found)
