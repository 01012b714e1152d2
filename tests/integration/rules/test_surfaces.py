"""Rules as people use them: by the command and over HTTP, on stored calls."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest

from earshot.pipeline.rules import backfill
from earshot.storage import outbox
from earshot.storage.postgres import db
from earshot.storage.redis import client as redis
from tests import stored_calls
from tests.integration.gateway.peers.receiver import receiving
from tests.integration.gateway.test_webhooks import RETRIES, Hooks, hooks_of
from tests.servers import WAIT_SEC, servers

pytestmark = pytest.mark.integration

TENANT, CALLS, CANCELLED = "acme", 60, 6
WHEN: dict[str, Any] = {"words": ["cancel my résiliation"], "role": "customer"}
FILE = """
description: The customer cancels.
when: {words: [cancel my resiliation], role: customer}
"""
ANY_TEXT: dict[str, Any] = {"regex": "."}


@pytest.fixture(scope="module")
def hooks() -> Iterator[Hooks]:
    """Stored calls, a gateway, and a receiver of webhooks; no workers."""
    with servers() as stack, receiving() as receiver, ExitStack() as opened:
        with db.connect(stack.database_url) as connection:
            stored_calls.plant(connection, TENANT, CALLS)
        yield hooks_of(stack, receiver, opened, RETRIES)


@pytest.fixture(scope="module")
def admin(hooks: Hooks) -> httpx2.Client:
    return hooks.client("admin", TENANT)


def upkeep(hooks: Hooks) -> None:
    """What upkeep does about back-fills."""
    with db.connect(hooks.stack.database_url) as connection:
        backfill.proceed(connection)
        outbox.relay(connection, redis.client(hooks.stack.redis_url))


def test_a_rule_over_http(hooks: Hooks, admin: httpx2.Client) -> None:
    path = "/rules/cancels"
    tried = admin.post("/rules/dry-run", json={"rule": {"when": WHEN}}).json()
    assert (tried["calls"], tried["matched"], tried["everything"]) == (CALLS, CANCELLED, False)
    made = admin.put(path, json={"when": WHEN})
    assert (made.status_code, made.json()["version"], made.json()["made_by"]) == (201, 1, "test")
    again = admin.put(path, json={"when": WHEN})
    assert (again.status_code, again.json()) == (200, made.json())
    assert admin.get("/rules").json()["items"] == [made.json()]
    assert admin.get(path).json() == made.json()
    by_name = admin.post("/rules/dry-run", json={"name": "cancels"}).json()
    assert by_name == tried

    hook = hooks.create("cancels", "rule.matched", client=admin)
    begun = admin.post(f"{path}/backfill", json={})
    assert (begun.status_code, begun.json()["finished_at"]) == (202, None)
    upkeep(hooks)
    [done] = admin.get(f"{path}/backfills").json()["items"]
    assert (done["id"], done["calls"], done["matched"]) == (begun.json()["id"], CALLS, CANCELLED)
    assert done["finished_at"] is not None
    assert admin.get(path).json()["matches"] == CANCELLED
    received = hooks.receiver.wait("cancels", CANCELLED, sec=WAIT_SEC)
    sent = [each.verified(hook["secret"]) for each in received]
    assert {each["type"] for each in sent} == {"rule.matched"}
    assert {each["data"]["name"] for each in sent} == {"cancels"}
    matched = {each["data"]["recording_id"] for each in sent}
    assert matched == {each["id"] for each in tried["examples"]}

    corrected(admin, matched.pop())

    changed = admin.put(path, json={"when": WHEN, "enabled": False})
    assert (changed.status_code, changed.json()["version"]) == (201, 2)
    refused = admin.post(f"{path}/backfill", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "rule_disabled")
    versions = admin.get(f"{path}/versions").json()["items"]
    assert [each["version"] for each in versions] == [2, 1]
    assert admin.delete(path).status_code == 204
    left = admin.get(f"/recordings/{matched.pop()}/report").json()
    assert not left.get("categories"), "matches of a deleted rule are not shown"


def corrected(admin: httpx2.Client, recording_id: str) -> None:
    """The words of the match are corrected to others, and back."""
    path = f"/recordings/{recording_id}"
    answer = admin.get(f"{path}/report")
    [found] = answer.json()["categories"]
    [hit] = found["hits"]
    assert (found["name"], hit["role"]) == ("cancels", "customer")
    [turn] = [each for each in answer.json()["turns"] if each["id"] == hit["turn"]]
    place = {name: turn[name] for name in ("channel", "start_ms", "end_ms")}

    def correct(text: str) -> list[str]:
        made = admin.post(
            f"{path}/corrections",
            json={"kind": "text", "turn": place, "text": text},
            headers={"If-Match": "*"},
        )
        assert made.status_code == 201, made.text
        report = admin.get(f"{path}/report").json()
        return [each["name"] for each in report.get("categories") or ()]

    assert correct("I keep my contract") == []
    assert admin.get("/rules/cancels").json()["matches"] == CANCELLED - 1
    assert correct("please cancel my resiliation") == ["cancels"]


def test_mistakes_over_http(hooks: Hooks, admin: httpx2.Client) -> None:
    """Each has a status, a code and a line that names its place."""
    mistakes: list[tuple[dict[str, Any], str, str]] = [
        ({"regex": "(cancel"}, "regex", "is no regular expression of RE2: missing ): (cancel"),
        ({**WHEN, "rol": "agent"}, "words.rol", "Extra inputs are not permitted"),
        ({"word": ["x"]}, "", "a condition has exactly one of the fields words, regex"),
        ({"all": [{"words": []}]}, "all.all.0.words.words", "at least 1 item"),
    ]
    for when, place, text in mistakes:
        for answer, where in (
            (admin.put("/rules/wrong", json={"when": when}), "body.when"),
            (admin.post("/rules/dry-run", json={"rule": {"when": when}}), "body.rule.when"),
        ):
            problem = answer.json()
            assert (answer.status_code, problem["code"]) == (422, "invalid_request")
            assert problem["detail"].startswith(f"{where}.{place}".rstrip(".")), problem
            assert text in problem["detail"]
            assert len(problem["errors"]) == 1, problem
    assert admin.put("/rules/Wrong name", json={"when": WHEN}).status_code == 422
    assert admin.put("/rules/wrong", json={"when": WHEN, "actve": True}).status_code == 422
    for body in ({}, {"name": "x", "rule": {"when": WHEN}}):
        answer = admin.post("/rules/dry-run", json=body)
        assert "name a stored rule, or give one" in answer.json()["detail"]
    assert admin.get("/rules/wrong").status_code == 404
    assert admin.delete("/rules/wrong").status_code == 404
    assert admin.post("/rules/wrong/backfill", json={}).status_code == 404
    assert admin.post("/rules/dry-run", json={"name": "wrong"}).status_code == 404

    reader = hooks.client("read", TENANT)
    assert reader.get("/rules").status_code == 200
    assert reader.put("/rules/wrong", json={"when": WHEN}).status_code == 403

    assert admin.put("/rules/text", json={"when": ANY_TEXT}).status_code == 201
    other = hooks.client("admin", "other")
    assert other.get("/rules/text").status_code == 404
    refused = admin.post("/rules/text/backfill", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "matches_everything")
    meant = admin.post("/rules/text/backfill", json={"everything": True})
    assert meant.status_code == 202
    assert admin.delete("/rules/text").status_code == 204


def test_a_rule_by_the_command(hooks: Hooks, admin: httpx2.Client, tmp_path: Path) -> None:
    (file := tmp_path / "leaves.yaml").write_text(FILE, encoding="utf-8")
    (wrong := tmp_path / "wrong.yaml").write_text("when: {regex: '(a', rol: x}", encoding="utf-8")
    (text := tmp_path / "text.json").write_text('{"when": {"regex": "."}}', encoding="utf-8")

    def rules(*words: str | Path, code: int = 0) -> str:
        done = hooks.stack.earshot("rules", *map(str, words), "--tenant", TENANT)
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    assert "wrong.yaml: when.regex.rol: Extra inputs" in rules("put", file, wrong, code=2)
    assert admin.get("/rules").json()["items"] == [], "all files are stored, or none of them"
    assert "leaves: version 1" in rules("put", file, text)
    assert "text  version 1  enabled  0 matches" in rules("list")
    tried = rules("dry-run", file)
    assert f"leaves matches {CANCELLED} of {CALLS} calls" in tried
    assert "it matches nearly every call" in rules("backfill", "text", code=1)
    hook = hooks.create("leaves", "rule.matched", client=admin)
    filled = rules("backfill", "leaves")
    assert "calls match version 1 of leaves" in filled
    first = hooks.receiver.wait("leaves", 1, sec=WAIT_SEC)[0].verified(hook["secret"])
    assert first["data"]["name"] == "leaves"
    assert "made_by" in rules("show", "leaves", "--versions")
    assert "deleted rule leaves" in rules("delete", "leaves")
    assert "there is no rule leaves" in rules("dry-run", "leaves", code=2)
