"""The recorder of a call decides which of its channels is the agent's: by the command, over HTTP,
and by the setting for its source; and people do, for the later recordings of a source."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest

from earshot.analysis.errors import Permanent
from earshot.pipeline.keeping.remembering import remember_of
from earshot.settings import PROJECT
from earshot.storage.postgres import corrections, db, recordings
from tests.integration.enqueue import enqueue
from tests.servers import Stack, servers

pytestmark = pytest.mark.integration

DEMO = PROJECT / "demo" / "call.ogg"
CORE = ("ingest", "merge", "finalize", "upkeep")
TENANT = "vicidial"


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Stack, str]]:
    """The stack and the URL of its gateway; uploads of one tenant come from VICIdial, and files in
    one folder from FreeSWITCH."""
    with servers() as stage, ExitStack() as opened:
        folder = stage.home / "offered" / "freeswitch"
        folder.mkdir(parents=True)
        below = f"file://{folder}/"
        stage.settings["RECORDERS"] = json.dumps({TENANT: "vicidial", below: "freeswitch"})
        opened.enter_context(stage.workers("core", *CORE))
        opened.enter_context(stage.workers("asr", "asr"))
        yield stage, opened.enter_context(stage.gateway())


def stored(stack: Stack, recording_id: str) -> dict[str, Any]:
    stack.wait_finished(recording_id)
    with db.connect(stack.database_url) as connection:
        report = corrections.report(connection, UUID(recording_id))
    assert report is not None
    return report


def stated(report: dict[str, Any]) -> tuple[list[str], str]:
    """Roles and their source, in the facts; those of the turns agree."""
    roles: list[str] = report["recording"]["roles"]
    assert {turn["channel"] for turn in report["turns"]} == {0, 1}
    assert all(turn["role"] == roles[turn["channel"]] for turn in report["turns"])
    return roles, report["recording"]["roles_source"]


def test_the_command_names_the_recorder(running: tuple[Stack, str], tmp_path: Path) -> None:
    stack, _ = running
    named = ("--recorder", "amazon-connect", "--direction", "inbound")
    done = stack.earshot("ingest", str(DEMO), "--analyses", "asr", "--out", str(tmp_path), *named)
    assert done.returncode == 0, done.stderr
    (written,) = tmp_path.glob("*.json")
    report = json.loads(written.read_text(encoding="utf-8"))
    assert stated(report) == (["customer", "agent"], "recorder")
    assert "Good morning" in next(t["text"] for t in report["turns"] if t["role"] == "customer")

    refused = stack.earshot("ingest", str(DEMO), "--recorder", "twilio")
    assert refused.returncode != 0
    assert "name a direction: inbound, outbound" in refused.stderr

    reply = enqueue(
        stack,
        {"uri": stack.offer(DEMO), "analyses": ["asr"], "roles": ["customer", "agent"]},
    )
    known = report["recording"]["id"]
    assert (reply["duplicate"], reply["recording_id"]) == (True, known)

    def again(**recorder: str) -> list[str]:
        same = {"uri": stack.offer(DEMO), "analyses": ["asr"], "recording_id": known}
        differs: list[str] = enqueue(stack, {**same, **recorder})["differs"]
        return differs

    assert again(recorder="telnyx", direction="inbound") == []
    assert again(recorder="vicidial") == ["roles"]


def test_a_form_names_the_recorder(running: tuple[Stack, str]) -> None:
    stack, url = running
    with httpx2.Client(
        base_url=url, headers={"Authorization": f"Bearer {stack.token('write', TENANT)}"}
    ) as client:

        def sent(**fields: str) -> httpx2.Response:
            return client.post(
                "/recordings",
                data={"analyses": "asr", **fields},
                files={"file": ("call.ogg", DEMO.read_bytes())},
            )

        answer = sent(recorder="twilio", direction="inbound")
        assert answer.status_code == 202, answer.text
        report = stored(stack, answer.json()["id"])
        assert stated(report) == (["customer", "agent"], "recorder")

        by_tenant = sent()
        report = stored(stack, by_tenant.json()["id"])
        assert stated(report) == (["agent", "customer"], "recorder")

        for fields, reason in (
            ({"recorder": "twilio"}, "name a direction: inbound, outbound"),
            ({"recorder": "asterisk"}, "there are amazon-connect, "),
            ({"recorder": "vicidial", "roles": "a,b"}, "name either roles"),
        ):
            refused = sent(**fields)
            assert refused.status_code == 422
            assert reason in refused.json()["detail"]


def test_the_source_names_the_recorder_and_the_request_the_direction(
    running: tuple[Stack, str],
) -> None:
    stack, _ = running

    def asked(**more: str) -> dict[str, Any]:
        uri = stack.offer(DEMO, "freeswitch/7.ogg")
        return enqueue(stack, {"uri": uri, "analyses": ["asr"], "force": True, **more})

    report = stored(stack, asked(direction="inbound")["recording_id"])
    assert stated(report) == (["customer", "agent"], "recorder")
    report = stored(stack, asked(direction="outbound")["recording_id"])
    assert stated(report) == (["agent", "customer"], "recorder")
    failed = asked()
    assert (failed["state"], failed["error"]["code"]) == ("failed", "direction")


def test_a_swap_is_remembered_for_uploads_until_it_is_forgotten(
    running: tuple[Stack, str],
) -> None:
    stack, url = running
    with httpx2.Client(
        base_url=url, headers={"Authorization": f"Bearer {stack.token('write', 'swapping')}"}
    ) as client:

        def sent(**fields: str) -> str:
            answer = client.post(
                "/recordings",
                data={"analyses": "asr", "force": "true", **fields},
                files={"file": ("call.ogg", DEMO.read_bytes())},
            )
            assert answer.status_code == 202, answer.text
            stack.wait_finished(answer.json()["id"])
            return str(answer.json()["id"])

        def swap(recording_id: str, **fields: Any) -> httpx2.Response:
            change = {"kind": "roles", "roles": ["customer", "agent"], **fields}
            path = f"/recordings/{recording_id}/corrections"
            return client.post(path, json=change, headers={"If-Match": "*"})

        first = sent()
        before = stored(stack, first)
        assert stated(before) == (["agent", "customer"], "default")
        elsewhere = swap(first, remember="s3://calls/")
        assert (elsewhere.status_code, elsewhere.json()["code"]) == (422, "other_source")
        assert swap(first).json()["remembered"] is None
        assert swap(first, remember=True).json()["remembered"] == "uploads"
        after = stored(stack, first)
        assert stated(after) == (["customer", "agent"], "correction")
        talk = [
            {one["name"]: one["talk_ms"] for one in each["conversation"]["participants"]}
            for each in (before, after)
        ]
        assert talk[0]["agent"] == talk[1]["customer"] != talk[1]["agent"]

        assert stated(stored(stack, sent())) == (["customer", "agent"], "remembered")
        explicit = stored(stack, sent(roles="agent,customer"))
        assert stated(explicit) == (["agent", "customer"], "request")

        [made] = client.get("/remembered-roles").json()["items"]
        found = (made["source"], made["roles"], made["recording_id"], made["remembered_by"])
        assert found == ("uploads", ["customer", "agent"], first, "test")
        [listed] = stack.earshot("roles", "list", "--json").stdout.splitlines()
        assert json.loads(listed) == made
        assert client.delete(f"/remembered-roles/{made['id']}").status_code == 204
        assert client.delete(f"/remembered-roles/{made['id']}").status_code == 404
        assert client.get("/remembered-roles").json()["items"] == []
        assert stated(stored(stack, sent())) == (["agent", "customer"], "default")


def test_roles_are_remembered_for_a_folder_of_the_same_tenant(
    running: tuple[Stack, str],
) -> None:
    stack, _ = running

    def asked(place: str, **more: Any) -> UUID:
        (stack.home / "offered" / place).parent.mkdir(exist_ok=True)
        uri = stack.offer(DEMO, place)
        reply = enqueue(stack, {"uri": uri, "analyses": ["asr"], "force": True, **more})
        return UUID(reply["recording_id"])

    def planned(recording_id: UUID) -> tuple[tuple[str, ...], str | None]:
        with db.connect(stack.database_url) as connection:
            found = recordings.get(connection, recording_id)
        assert found is not None
        return found.roles, found.roles_source

    named = asked("sold/1.ogg", roles=["customer", "agent"])
    stored(stack, str(named))
    done = stack.earshot("roles", "remember", str(named)[:13], "--by", "anna")
    assert done.returncode == 0, done.stderr
    assert planned(asked("sold/2.ogg")) == (("customer", "agent"), "remembered")
    assert planned(asked("sold/4.ogg", tenant="acme")) == (("agent", "customer"), "default")
    by_call = asked("freeswitch/5.ogg", direction="inbound")
    stored(stack, str(by_call))
    with db.connect(stack.database_url) as connection:
        with pytest.raises(Permanent, match="direction of the call") as refused:
            remember_of(connection, by_call, None, "anna")
        assert refused.value.code == "not_remembered"
