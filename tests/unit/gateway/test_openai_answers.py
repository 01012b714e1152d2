"""Answers in OpenAI's shapes say what the report says, and nothing else."""

import pytest

from earshot.analysis.findings import AsrFindings
from earshot.analysis.report.parts import Part
from earshot.analysis.report.report import Report, build_report
from earshot.analysis.types import WHOLE
from gateway.openai.answers import Answer, label
from gateway.openai.errors import with_error
from gateway.openai.options import Options
from gateway.problems import Problem
from tests.sounds.call_parts import diarization, part, parts, recording, words

VERBOSE = Options("verbose_json", words=True, segments=True, stream=False, diarize=False)
JSON = VERBOSE._replace(response_format="json")
DIARIZED = VERBOSE._replace(response_format="diarized_json")


def mono(*found: Part) -> Report:
    return build_report(recording(roles=(), channels=1), list(found))


def spoken(*texts: str) -> AsrFindings:
    return words(*((text, 1_000 + 6_000 * n, 0) for n, text in enumerate(texts)))


def test_emotion_and_roles_come_with_the_segments() -> None:
    answer = Answer(build_report(recording(), parts())).json(VERBOSE).model_dump(exclude_none=True)
    assert [each["text"] for each in answer["segments"]] == ["hello", "good day sir", "no"]
    assert [each["earshot"]["role"] for each in answer["segments"]] == [
        "agent",
        "agent",
        "customer",
    ]
    assert answer["segments"][-1]["earshot"]["emotion"] == {"label": "angry", "confidence": 0.9}
    assert answer["text"] == "hello good day sir no"


def test_one_channel_without_diarization_has_no_speakers() -> None:
    answer = Answer(mono(part("asr", 0, words(("hello", 1_000, 0)))))
    assert answer.json(JSON).earshot.speakers is None
    assert [cue.speaker for cue in answer.cues()] == [None]
    known = Answer(
        mono(part("asr", 0, words(("hello", 1_000, 0))), part("diarization", WHOLE, diarization()))
    )
    assert [cue.speaker for cue in known.cues()] == ["A"]
    assert [each.label for each in known.json(JSON).earshot.speakers or ()] == ["A", "B"]


@pytest.mark.parametrize(
    ("texts", "deltas"),
    [(["good", "morning"], ["good", " morning"]), (["你好", "世界"], ["你好", "世界"]), ([], [])],
)
def test_deltas_join_to_the_text(texts: list[str], deltas: list[str]) -> None:
    answer = Answer(mono(part("asr", 0, spoken(*texts))))
    assert answer.deltas == deltas
    assert answer.text == "".join(deltas)


def test_the_language_is_the_requested_one_without_words() -> None:
    report = build_report(recording(), [])
    answer = Answer(report).json(VERBOSE).model_dump(exclude_none=True)
    assert (answer["language"], answer["earshot"]["languages"]) == ("en", [])
    assert Answer(report).json(DIARIZED).model_dump()["segments"] == []


@pytest.mark.parametrize(
    ("number", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (702, "AAA")]
)
def test_labels_continue_behind_z(number: int, name: str) -> None:
    assert label(number) == name


@pytest.mark.parametrize(
    ("problem", "kind", "code"),
    [
        (Problem(401, "unauthorized", "x"), "authentication_error", "invalid_api_key"),
        (Problem(403, "forbidden", "x"), "permission_error", "forbidden"),
        (Problem(429, "too_many_requests", "x"), "rate_limit_error", "rate_limit_exceeded"),
        (Problem(503, "backlog", "x"), "server_error", "backlog"),
        (Problem(413, "too_large", "x"), "invalid_request_error", "too_large"),
    ],
)
def test_errors_have_the_vendors_names(problem: Problem, kind: str, code: str) -> None:
    assert with_error(problem).further["error"] == {
        "message": "x",
        "type": kind,
        "param": None,
        "code": code,
    }
