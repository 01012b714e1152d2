"""The language model through boto3's own client, against a server that speaks Converse: accepted
and refused answers, throttling, silence, and what leaves the machine."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from earshot.analysis.report.sections import Transcript
from earshot.analysis.topics.by_model import ByModel
from earshot.analysis.topics.glossary import Glossary, Topic
from earshot.analysis.topics.redaction import spoken_text
from earshot.settings import settings
from tests.unit.topics.converse import CREDENTIALS, Reply, converse, error, said, used
from tests.unit.topics.test_section import turn
from workers.topics import asking

GLOSSARY = Glossary(
    topics=(
        Topic(id="bill", label="Facture", terms=("facture",), description="montant, échéance"),
        Topic(id="cancel", label="Résiliation", terms=("résilier",)),
    )
)
TURNS = (
    turn(0, "my card number is four one one one one one one one"),
    turn(1, "yes go on", 1, "customer"),
    turn(2, "one one one one one one one one and I want to cancel"),
    turn(3, "write to anna.lind@example.org please", 1, "customer"),
)
CALL = Transcript(language="en", turns=TURNS)
GOOD = {"summary": "Le client veut résilier.", "topics": ["cancel", "bill", "cancel"]}


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Sets up a model at a URL, with credentials as boto3 finds them."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)

    def at(url: str, **fields: Any) -> None:
        given = {
            "bedrock_model": "anthropic.any-model-v1:0",
            "bedrock_region": "eu-west-3",
            "bedrock_endpoint_url": url,
            "bedrock_timeout_sec": 0.5,
            "bedrock_attempts": 2,
            "summary_language": "fr",
            **fields,
        }
        for name, value in given.items():
            monkeypatch.setenv(f"EARSHOT_{name.upper()}", str(value))
        settings.cache_clear()

    yield at
    settings.cache_clear()


def ask(most_tokens: int = 40_000) -> ByModel:
    return asking.ask(CALL, "en", GLOSSARY, most_tokens)


def test_topics_of_the_glossary_and_a_french_summary_are_accepted(configured: Any) -> None:
    with converse([used(GOOD)]) as (url, asked):
        configured(url)
        answer = ask()
    assert (answer.status, answer.reason, answer.tokens) == ("classified", None, 107)
    assert [(each.id, each.label) for each in answer.topics] == [
        ("cancel", "Résiliation"),
        ("bill", "Facture"),
    ]
    assert (answer.summary, answer.summary_language) == (GOOD["summary"], "fr")
    ((path, body),) = asked
    assert path == "/model/anthropic.any-model-v1%3A0/converse"
    tool = body["toolConfig"]["tools"][0]["toolSpec"]
    schema = tool["inputSchema"]["json"]
    assert list(schema["properties"]) == ["summary", "topics"], "the summary is written before"
    assert "in French" in schema["properties"]["summary"]["description"]
    assert schema["properties"]["topics"]["items"]["enum"] == ["bill", "cancel"]
    assert body["toolConfig"]["toolChoice"] == {"tool": {"name": tool["name"]}}
    assert "- bill: Facture (montant, échéance)" in body["system"][0]["text"]


def test_only_redacted_text_leaves_the_machine(configured: Any) -> None:
    with converse([used(GOOD)]) as (url, asked):
        configured(url)
        ask()
    sent = json.dumps(asked)
    assert "anna" not in sent
    assert "one one" not in sent, "the number goes over two turns of one voice"
    text = asked[0][1]["messages"][0]["content"][0]["text"]
    assert text.splitlines() == [
        "agent: my card number is [card]",
        "customer: [card]",
        "agent: [card] and I want to cancel",
        "customer: write to [email] please",
    ]
    assert text == spoken_text(TURNS, ["en"])


def test_issues_and_actions_come_through_the_same_door(configured: Any) -> None:
    given = {"topics": [], "issues": ["late bill"], "actions": ["send it again"]}
    with converse([used(given)]) as (url, asked):
        configured(url, bedrock_outcome=True, summary_language="en")
        refused = ask()
        assert (refused.status, refused.reason) == ("not_classified", "nonsense")
    with converse([used({**given, "summary": "A late bill."})]) as (url, asked):
        configured(url, bedrock_outcome=True, summary_language="en")
        answer = ask()
    assert (answer.issues, answer.actions, answer.topics) == (
        ("late bill",),
        ("send it again",),
        (),
    )
    assert len(asked) == 1


@pytest.mark.parametrize("tries", [1, 2])
def test_an_unknown_topic_is_refused_and_asked_for_once_more(configured: Any, tries: int) -> None:
    wrong = used({**GOOD, "topics": ["billing"]})
    with converse([wrong] * tries + [used(GOOD)]) as (url, asked):
        configured(url)
        answer = ask()
    assert len(asked) == 2
    refusal = asked[1][1]["messages"][-1]["content"][0]["toolResult"]
    assert (refusal["toolUseId"], refusal["status"]) == ("u1", "error")
    assert "no topic has the id 'billing'" in refusal["content"][0]["text"]
    assert answer.tokens == 214
    if tries == 1:
        assert [each.id for each in answer.topics] == ["cancel", "bill"]
    else:
        assert (answer.status, answer.reason, answer.topics) == (
            "not_classified", "unknown_topic", (),
        )  # fmt: skip


NONSENSE = {
    "text": said([{"text": "The topic is: cancel."}]),
    "no_list": used({**GOOD, "topics": "cancel"}),
    "no_object": used(["cancel"]),
    "other_keys": used({**GOOD, "system": "x"}),
    "no_summary": used({"topics": ["cancel"]}),
    "empty": said([]),
    "strange": Reply(body={"hello": "world"}),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_is_not_classified(configured: Any, name: str) -> None:
    with converse([NONSENSE[name]]) as (url, asked):
        configured(url)
        answer = ask()
    assert (answer.status, answer.reason) == ("not_classified", "nonsense")
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("reply", "reason", "requests"),
    [
        (error(429, "ThrottlingException"), "throttled", 2),
        (error(503, "ServiceUnavailableException"), "unreachable", 2),
        (error(408, "ModelTimeoutException"), "timeout", 1),
        (error(403, "AccessDeniedException"), "refused", 1),
        (error(400, "ValidationException"), "refused", 1),
        (Reply(body={}, wait=5.0), "timeout", 2),
    ],
)
def test_a_service_that_does_not_answer_leaves_the_reason(
    configured: Any, reply: Reply, reason: str, requests: int
) -> None:
    began = time.monotonic()
    with converse([reply]) as (url, asked):
        configured(url)
        answer = ask()
    assert (answer.status, answer.reason) == ("not_classified", reason)
    assert len(asked) == requests
    assert time.monotonic() - began < 60
    assert (answer.tokens > 0) == (reason == "timeout"), "what timed out may have been paid"


def test_a_throttled_request_is_sent_again(configured: Any) -> None:
    with converse([error(429, "ThrottlingException"), used(GOOD)]) as (url, asked):
        configured(url)
        assert ask().status == "classified"
    assert len(asked) == 2


def test_a_port_that_nothing_listens_on_is_unreachable(configured: Any) -> None:
    with converse([used(GOOD)]) as (url, _):
        pass
    configured(url)
    answer = ask()
    assert (answer.status, answer.reason) == ("not_classified", "unreachable")


def test_no_credentials_are_named(configured: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    with converse([used(GOOD)]) as (url, asked):
        configured(url, bedrock_timeout_sec=0.6)
        answer = ask()
    assert (answer.reason, asked) == ("no_credentials", [])


def test_a_request_that_may_cost_too_much_is_not_sent(configured: Any) -> None:
    with converse([used({**GOOD, "topics": ["billing"]}, tokens=1900)]) as (url, asked):
        configured(url)
        assert (ask(1000).reason, asked) == ("cost_cap", [])
        answer = ask(4000)
    assert (answer.reason, answer.tokens, len(asked)) == ("unknown_topic", 1907, 1)
