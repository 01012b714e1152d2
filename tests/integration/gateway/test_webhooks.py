"""Webhooks: signatures, retries, order, dead letters, replay, against a real receiver."""

import json
import logging
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from standardwebhooks import WebhookVerificationError

from cli.localstack import processes, waiting
from earshot.analysis import events
from earshot.storage.postgres import db
from tests.integration.gateway.peers.occurrences import classified, completed, happen, recording_of
from tests.integration.gateway.peers.receiver import Answer, Received, Receiver, receiving
from tests.servers import Stack, servers

pytestmark = pytest.mark.integration
RETRIES = [0.2, 0.2]
log = logging.getLogger(__name__)


class Hooks:
    """A gateway that sends to a receiver, and a client with the scope ``admin``."""

    def __init__(self, stack: Stack, url: str, receiver: Receiver) -> None:
        self.stack, self.url, self.receiver = stack, url, receiver
        self._clients = ExitStack()
        self.admin = self.client("admin")

    def client(self, scope: str, tenant: str = "default") -> httpx2.Client:
        return self._clients.enter_context(
            httpx2.Client(
                base_url=self.url,
                headers={"Authorization": f"Bearer {self.stack.token(scope, tenant)}"},
                timeout=30,
                trust_env=False,
            )
        )

    def close(self) -> None:
        self._clients.close()

    def create(self, path: str, *types: str, client: httpx2.Client | None = None) -> dict[str, Any]:
        """A webhook to a path of the receiver."""
        answer = (client or self.admin).post(
            "/webhooks", json={"url": self.receiver.url(path), "types": list(types)}
        )
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def log(self, id: str, **query: str) -> list[dict[str, Any]]:
        answer = self.admin.get(f"/webhooks/{id}/deliveries", params=query)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    def wait(self, id: str, state: str, number: int = 1, sec: float = 30) -> list[dict[str, Any]]:
        """The log as soon as so many deliveries are in this state."""
        done = waiting.became(lambda: len(self.log(id, state=state, limit="200")) >= number, sec)
        assert done, self.log(id)
        return self.log(id, state=state, limit="200")


def hooks_of(
    stack: Stack,
    receiver: Receiver,
    opened: ExitStack,
    retries: list[float],
    timeout_sec: int = 5,
) -> Hooks:
    stack.settings |= {
        "INTERNAL_HOSTS": json.dumps([receiver.host]),
        "WEBHOOK_RETRY_SEC": json.dumps(retries),
        "WEBHOOK_TIMEOUT_SEC": str(timeout_sec),
        "GATEWAY_URL": "https://calls.example",
    }
    hooks = Hooks(stack, opened.enter_context(stack.gateway()), receiver)
    opened.callback(hooks.close)
    return hooks


@pytest.fixture(scope="module")
def hooks() -> Iterator[Hooks]:
    with servers() as stack, receiving() as receiver, ExitStack() as opened:
        yield hooks_of(stack, receiver, opened, RETRIES)


@pytest.fixture
def path(hooks: Hooks) -> Iterator[str]:
    """A path of the receiver for one test, which answers 200 unless the test decides otherwise; its
    webhooks are removed afterwards."""
    name = uuid4().hex
    yield name
    hooks.receiver.decide = lambda path, headers: Answer()
    for each in hooks.admin.get("/webhooks").json()["items"]:
        assert hooks.admin.delete(f"/webhooks/{each['id']}").status_code == 204


def test_a_webhook_is_created_changed_and_removed(hooks: Hooks, path: str) -> None:
    made = hooks.create(path, "emergency")
    assert made["secret"].startswith("whsec_")
    id = made["id"]
    shown = hooks.admin.get(f"/webhooks/{id}").json()
    assert shown == {key: value for key, value in made.items() if key != "secret"}
    assert shown in hooks.admin.get("/webhooks").json()["items"]
    changed = hooks.admin.patch(f"/webhooks/{id}", json={"types": [], "state": "disabled"}).json()
    assert (changed["types"], changed["state"]) == ([], "disabled")
    assert changed["reason"] == "disabled by request"
    assert changed["url"] == made["url"]
    assert hooks.admin.post(f"/webhooks/{id}/test").status_code == 409
    assert hooks.admin.patch(f"/webhooks/{id}", json={"state": "enabled"}).json()["reason"] is None
    assert hooks.admin.delete(f"/webhooks/{id}").status_code == 204
    assert hooks.admin.delete(f"/webhooks/{id}").status_code == 404


def test_only_administrators_of_the_tenant_see_it(hooks: Hooks, path: str) -> None:
    id = hooks.create(path)["id"]
    bodies: dict[str, dict[str, Any]] = {"replay": {"state": "dead"}}
    operations = [
        ("GET", f"/webhooks/{id}"),
        ("PATCH", f"/webhooks/{id}"),
        ("DELETE", f"/webhooks/{id}"),
        ("GET", f"/webhooks/{id}/deliveries"),
        *(("POST", f"/webhooks/{id}/{name}") for name in ("secret", "test", "replay")),
    ]
    other, writer = hooks.client("admin", "acme"), hooks.client("write")
    for method, address in operations:
        body = bodies.get(address.rpartition("/")[2], {} if method == "PATCH" else None)
        missing = address.replace(id, str(uuid4()))
        theirs = other.request(method, address, json=body)
        nothing = hooks.admin.request(method, missing, json=body)
        assert theirs.status_code == nothing.status_code == 404
        assert {**theirs.json(), "request_id": 0} == {**nothing.json(), "request_id": 0}
        assert writer.request(method, address, json=body).status_code == 403
    assert other.get("/webhooks").json() == {"items": []}


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "https://",
        "https://user:password@example.com/",
        "https://example.com:99999/",
        "http://[::1/",
        "https://example.com/a b",
        "https://example.com/" + "x" * 3000,
        "/local",
    ],
)
def test_an_address_that_is_none_is_refused(hooks: Hooks, url: str) -> None:
    answer = hooks.admin.post("/webhooks", json={"url": url})
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_request"
    assert "Value error" not in answer.json()["detail"]
    assert "pattern" not in answer.json()["detail"]
    assert "password" not in answer.json()["detail"].replace("user name or password", "")


def test_a_test_event_is_signed_with_each_valid_secret(hooks: Hooks, path: str) -> None:
    made = hooks.create(path)
    sent = hooks.admin.post(f"/webhooks/{made['id']}/test")
    assert sent.status_code == 202
    [request] = hooks.receiver.wait(path, 1)
    assert request.id == sent.json()["delivery_id"]
    assert request.verified(made["secret"])["type"] == "webhook.test"
    with pytest.raises(WebhookVerificationError):
        request.verified("whsec_" + "A" * 43 + "=")
    rotated = hooks.admin.post(f"/webhooks/{made['id']}/secret").json()
    assert rotated["old_until"] is not None
    assert rotated["secret"] != made["secret"]
    hooks.admin.post(f"/webhooks/{made['id']}/test")
    _, second = hooks.receiver.wait(path, 2)
    assert second.verified(made["secret"]) == second.verified(rotated["secret"])
    with db.connect(hooks.stack.database_url) as connection:  # a day later
        connection.execute(
            "UPDATE webhook SET secrets = jsonb_set(secrets, '{1,until}', %s) WHERE id = %s",
            ['"2020-01-01T00:00:00Z"', made["id"]],
        )
    hooks.admin.post(f"/webhooks/{made['id']}/test")
    third = hooks.receiver.wait(path, 3)[-1]
    assert third.verified(rotated["secret"])
    with pytest.raises(WebhookVerificationError):
        third.verified(made["secret"])
    for _ in range(4):
        assert hooks.admin.post(f"/webhooks/{made['id']}/secret").status_code in (201, 409)
    assert hooks.admin.post(f"/webhooks/{made['id']}/secret").status_code == 409


def test_bodies_are_thin(hooks: Hooks, path: str) -> None:
    """Ids, labels and links; no scores, no name of a file, no text of an error."""
    made = hooks.create(path)
    recording_id = recording_of(hooks.stack, "default")
    happened = [
        classified(recording_id),
        *completed(recording_id),
        events.failed(recording_id, "secret-name.wav", "empty", "secret detail", 2),
    ]
    ids = happen(hooks.stack, happened)
    found = [each.verified(made["secret"]) for each in hooks.receiver.wait(path, 3)]
    assert [each["data"]["id"] for each in found] == ids
    assert all(each["data"]["recording_id"] == str(recording_id) for each in found)
    assert found[0]["data"]["labels"] == {"scene": {"label": "speech", "confidence": 0.9}}
    assert found[2]["data"]["code"] == "empty"
    link = f"https://calls.example/recordings/{recording_id}"
    assert all(each["data"]["links"]["recording"] == link for each in found)
    for request in hooks.receiver.at(path):
        assert len(request.content) < 20_000
        for word in (b"secret", b"call.wav", b"scores"):
            assert word not in request.content


def test_types_and_tenants_are_kept_apart(hooks: Hooks, path: str) -> None:
    theirs = hooks.create(f"{path}-acme", client=hooks.client("admin", "acme"))
    failures = hooks.create(f"{path}-failures", "recording.failed")
    every = hooks.create(path)
    recording_id = recording_of(hooks.stack, "default")
    ids = happen(hooks.stack, completed(recording_id))
    ids += happen(hooks.stack, [events.failed(recording_id, "a", "empty", "b", 2)])
    acme = happen(hooks.stack, completed(recording_of(hooks.stack, "acme")))
    for name, made, expected in (
        (path, every, ids),
        (f"{path}-failures", failures, ids[1:]),
        (f"{path}-acme", theirs, acme),
    ):
        requests = hooks.receiver.wait(name, len(expected))
        assert [each.verified(made["secret"])["data"]["id"] for each in requests] == expected


def test_internal_addresses_are_refused_unless_named(hooks: Hooks, path: str) -> None:
    with receiving() as unnamed:
        answer = hooks.admin.post("/webhooks", json={"url": unnamed.url(path)})
        id = answer.json()["id"]
        hooks.admin.post(f"/webhooks/{id}/test")
        [dead] = hooks.wait(id, "dead")
        assert unnamed.requests == []
    assert [each["status"] for each in dead["attempts"]] == [None] * 3
    assert all("internal address" in each["error"] for each in dead["attempts"])
    assert "127.0.0.1" not in str(dead["attempts"])


def test_redirects_fail_and_dead_letters_are_replayed_under_their_ids(
    hooks: Hooks, path: str
) -> None:
    target = hooks.receiver.url("elsewhere")
    hooks.receiver.decide = lambda path, headers: Answer(302, {"Location": target})
    id = hooks.create(path)["id"]
    recording_id = recording_of(hooks.stack, "default")
    happen(hooks.stack, completed(recording_id, [1, 2]))
    dead = hooks.wait(id, "dead", 2)
    assert {each["status"] for letter in dead for each in letter["attempts"]} == {302}
    assert [len(letter["attempts"]) for letter in dead] == [1 + len(RETRIES)] * 2
    assert hooks.receiver.at("elsewhere") == []
    hooks.receiver.decide = lambda path, headers: Answer(204)
    replayed = hooks.admin.post(f"/webhooks/{id}/replay", json={"state": "dead"})
    assert replayed.json() == {"deliveries": 2, "more": False}
    accepted = hooks.receiver.wait(path, 2, status=204)
    assert [each.id for each in accepted] == [letter["id"] for letter in reversed(dead)]
    hooks.wait(id, "delivered", 2)
    one = dead[0]["id"]
    assert hooks.admin.post(f"/webhooks/{id}/replay", json={"delivery_id": one}).status_code == 202
    assert hooks.receiver.wait(path, 3, status=204)[-1].id == one
    nothing = hooks.admin.post(f"/webhooks/{id}/replay", json={"delivery_id": str(uuid4())})
    assert nothing.status_code == 404
    assert hooks.admin.post(f"/webhooks/{id}/replay", json={}).status_code == 422


def test_events_from_before_are_sent_by_range(hooks: Hooks, path: str) -> None:
    recording_id = recording_of(hooks.stack, "default")
    ids = happen(hooks.stack, completed(recording_id, range(1, 5)))
    with db.connect(hooks.stack.database_url) as connection:
        positions = [
            row["place"]
            for row in connection.execute(
                "SELECT place FROM outbox WHERE recording_id = %s ORDER BY place",
                [recording_id],
            )
        ]
    made = hooks.create(path)
    bounds = {"after": positions[0], "to": positions[2]}
    answer = hooks.admin.post(f"/webhooks/{made['id']}/replay", json=bounds)
    assert answer.json()["deliveries"] == 2
    found = hooks.receiver.wait(path, 2)
    assert [each.verified(made["secret"])["data"]["id"] for each in found] == ids[1:3]
    hooks.wait(made["id"], "delivered", 2)
    pages = []
    cursor: dict[str, str] = {}
    for _ in range(2):
        page = hooks.admin.get(
            f"/webhooks/{made['id']}/deliveries", params={"limit": "1", **cursor}
        ).json()
        pages += [each["event_id"] for each in page["items"]]
        cursor = {"cursor": page["next"]}
    assert pages == [ids[2], ids[1]]
    assert page["next"] is None
    wrong = hooks.admin.get(f"/webhooks/{made['id']}/deliveries", params={"cursor": "x"})
    assert wrong.status_code == 422


def test_410_disables(hooks: Hooks, path: str) -> None:
    hooks.receiver.decide = lambda path, headers: Answer(410)
    id = hooks.create(path)["id"]
    recording_id = recording_of(hooks.stack, "default")
    happen(hooks.stack, completed(recording_id, range(1, 4)))
    assert len(hooks.wait(id, "dead", 3)) == 3
    assert len(hooks.receiver.at(path)) == 1, "the others are not tried"
    shown = hooks.admin.get(f"/webhooks/{id}").json()
    assert (shown["state"], shown["reason"]) == ("disabled", "it answered 410 Gone")
    happen(hooks.stack, completed(recording_id, [4]))
    assert len(hooks.log(id)) == 3


def test_retry_after_is_kept_to(hooks: Hooks, path: str) -> None:
    asked_sec = 2
    hooks.receiver.decide = lambda path, headers: (
        Answer() if hooks.receiver.at(path[1:]) else Answer(503, {"Retry-After": str(asked_sec)})
    )
    hooks.create(path)
    happen(hooks.stack, completed(recording_of(hooks.stack, "default")))
    first, second = hooks.receiver.wait(path, 2)
    assert second.began - first.answered >= asked_sec
    assert first.id == second.id
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


def test_an_endpoint_that_failed_for_days_is_disabled(hooks: Hooks, path: str) -> None:
    hooks.receiver.decide = lambda path, headers: Answer(500)
    id = hooks.create(path)["id"]
    happen(hooks.stack, completed(recording_of(hooks.stack, "default")))
    hooks.wait(id, "dead")
    assert hooks.admin.get(f"/webhooks/{id}").json()["state"] == "enabled"
    with db.connect(hooks.stack.database_url) as connection:
        connection.execute(
            "UPDATE webhook SET failing_since = failing_since - interval '6 days' WHERE id = %s",
            [id],
        )
    happen(hooks.stack, completed(recording_of(hooks.stack, "default")))
    hooks.wait(id, "dead", 2)
    shown = hooks.admin.get(f"/webhooks/{id}").json()
    assert (shown["state"], shown["reason"]) == ("disabled", "no success for 5 days")


def test_of_a_deleted_recording_one_delivery_is_left(hooks: Hooks, path: str) -> None:
    made = hooks.create(path)
    recording_id = recording_of(hooks.stack, "default")
    happen(hooks.stack, [*completed(recording_id), classified(recording_id)])
    hooks.wait(made["id"], "delivered", 2)
    done = hooks.stack.earshot("delete", str(recording_id), "--yes")
    assert done.returncode == 0, done.stderr
    assert "2 webhook_delivery" in done.stdout + done.stderr
    assert "nothing names them any more" in done.stdout + done.stderr
    last = hooks.receiver.wait(path, 3)[-1].verified(made["secret"])
    assert last["type"] == "recording.deleted"
    assert last["data"]["why"] == "asked"
    assert "recording" not in last["data"]["links"]
    assert [each["type"] for each in hooks.wait(made["id"], "delivered")] == ["recording.deleted"]


def test_retention_removes_finished_deliveries(stage: Stack) -> None:
    with receiving() as receiver, ExitStack() as opened:
        hooks = hooks_of(stage, receiver, opened, RETRIES)
        id = hooks.create("kept")["id"]
        happen(stage, completed(recording_of(stage, "default"), [1, 2]))
        hooks.wait(id, "delivered", 2)
        stage.settings["RETENTION"] = json.dumps({"events": 1e-6})
        done = stage.earshot("repair")
        assert "2 finished deliveries to webhooks removed" in done.stdout, done.stderr
        assert hooks.log(id) == []


def test_a_killed_gateway_sends_again_under_the_same_id(stage: Stack) -> None:
    with receiving() as receiver, ExitStack() as opened:
        release = threading.Event()

        def hang(path: str, headers: dict[str, str]) -> Answer:
            release.wait(30)
            return Answer()

        hooks = hooks_of(stage, receiver, opened, RETRIES)
        id = hooks.create("killed")["id"]
        receiver.decide = hang
        happen(stage, completed(recording_of(stage, "default")))
        with db.connect(stage.database_url) as connection:

            def taken() -> bool:
                row = connection.execute("SELECT taken_until FROM webhook_delivery").fetchone()
                return row is not None and row["taken_until"] is not None

            assert waiting.became(taken, 10)
            gateway = processes.running(stage.home, "gateway")
            assert gateway is not None
            os.kill(gateway.pid, signal.SIGKILL)
            release.set()
            receiver.decide = lambda path, headers: Answer()
            assert waiting.became(lambda: not gateway.alive(), 10)
            connection.execute("UPDATE webhook_delivery SET taken_until = now()")  # the claim ends
        hooks.url = opened.enter_context(stage.gateway("second"))
        hooks.admin = hooks.client("admin")
        [delivered] = hooks.wait(id, "delivered")
        assert {each.id for each in receiver.at("killed")} == {delivered["id"]}


def test_a_bad_receiver_gets_each_delivery_in_order(
    stage: Stack, pytestconfig: pytest.Config
) -> None:
    """It fails three in ten, is away for a while, and answers slowly; every request is signed, and
    no event is sent before an earlier one of its recording was accepted."""
    number: int = pytestconfig.getoption("deliveries")
    away_sec = 60 * min(1.0, number / 1000)
    dice = random.Random(14)

    def decide(path: str, headers: dict[str, str]) -> Answer:
        status = dice.choice((500, 503, 429)) if dice.random() < 0.3 else 200
        return Answer(status, after_sec=dice.uniform(0.01, 0.2))

    with receiving() as receiver, ExitStack() as opened:
        hooks = hooks_of(stage, receiver, opened, [0.3, 0.5, 1, 2, 4, 8, 16, 30, 60, 60])
        made = hooks.create("bad")
        receiver.secret = made["secret"]
        receiver.decide = decide
        recordings = [recording_of(stage, "default") for _ in range(max(5, number // 20))]
        ids: list[str] = []
        for start in range(0, number, 50):
            batch = range(start, min(start + 50, number))
            ids += happen(
                stage,
                [completed(recordings[each % len(recordings)], [each + 1])[0] for each in batch],
            )
        began = time.monotonic()
        receiver.wait("bad", number // 4, sec=120)
        receiver.close()
        back = threading.Timer(away_sec, receiver.open)
        back.start()
        back.join()
        done = waiting.became(
            lambda: len({each.id for each in receiver.at("bad", 200)}) >= number, 400
        )
        assert done, len({each.id for each in receiver.at("bad", 200)})
        took_sec = time.monotonic() - began
        requests = receiver.at("bad")
        hooks.wait(made["id"], "delivered", min(number, 200))
    assert all(each.is_genuine for each in requests)
    _check_order(requests, ids)
    log.info("%d deliveries: %d requests, %.0f s", number, len(requests), took_sec)
    failed = [each for each in requests if each.status != 200]
    assert 0.15 < len(failed) / len(requests) < 0.45


def _check_order(requests: list[Received], ids: list[str]) -> None:
    order = {id: place for place, id in enumerate(ids)}
    accepted: dict[str, float] = {}
    delivery_of: dict[str, str] = {}
    earlier: dict[str, list[str]] = {}
    bodies = [(each, json.loads(each.content)["data"]) for each in requests]
    for each, data in bodies:
        assert delivery_of.setdefault(data["id"], each.id) == each.id, "a stable id"
        if each.status == 200:
            accepted[data["id"]] = min(each.answered, accepted.get(data["id"], each.answered))
        seen = earlier.setdefault(data["recording_id"], [])
        if data["id"] not in seen:
            seen.append(data["id"])
    assert set(accepted) == set(ids)
    for each, data in bodies:
        for other in earlier[data["recording_id"]]:
            if order[other] < order[data["id"]]:
                assert accepted[other] <= each.began, "an earlier event was not accepted yet"
