"""Corrections over HTTP, with real workers: they outlast a rerun, are in every export, and go with
their recording."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from psycopg.types.json import Jsonb

from earshot.pools import STAGES
from earshot.settings import PROJECT
from earshot.storage.postgres import db
from tests.integration.gateway.clients import client_of
from tests.integration.named import everywhere
from tests.servers import Stack, servers
from tests.subtitles import read_srt

pytestmark = pytest.mark.integration

DEMO = PROJECT / "demo" / "call.ogg"
NAME = '<b>Ms. Miller</b> "x" & co'


MORE = """
INSERT INTO correction (recording_id, id, version, kind, target, value, replaced, round, releases,
                        made_by, token, undone_at, undone_by)
SELECT recording_id, gen_random_uuid(), version + 100 + n, kind, target, value, replaced, round,
       releases, made_by, token, now(), made_by
FROM correction, generate_series(1, 4999) AS n WHERE recording_id = %s
"""
"""As many corrections as a recording may have, all but one undone."""


@pytest.fixture(scope="module")
def busy() -> Iterator[Stack]:
    """Workers and a gateway."""
    with servers() as started, ExitStack() as running:
        running.enter_context(started.workers("core", *STAGES, concurrency=1))
        running.enter_context(started.workers("words", "asr", "diarization", concurrency=1))
        started.settings["GATEWAY_URL"] = running.enter_context(started.gateway())
        yield started


@pytest.fixture(scope="module")
def call(busy: Stack, acme: httpx2.Client) -> str:
    """The demo call, transcribed."""
    return transcribed(busy, acme, language="en", analyses="asr,diarization")


def transcribed(busy: Stack, client: httpx2.Client, **fields: str) -> str:
    """The demo call as a recording of the client's tenant."""
    answer = client.post(
        "/recordings", files={"file": ("call.ogg", DEMO.read_bytes())}, data=fields
    )
    assert answer.status_code == 202, answer.text
    recording_id = str(answer.json()["id"])
    assert busy.wait_finished(recording_id) == "complete"
    return recording_id


class Page:
    """What a page knows of a report, and how it corrects it."""

    def __init__(self, client: httpx2.Client, recording_id: str) -> None:
        self.client, self.path = client, f"/recordings/{recording_id}"
        self.read()

    def read(self) -> dict[str, Any]:
        answer = self.client.get(f"{self.path}/report")
        assert answer.status_code == 200, answer.text
        self.etag = answer.headers["etag"]
        self.report: dict[str, Any] = answer.json()
        return self.report

    def place(self, turn_id: str) -> dict[str, Any]:
        (turn,) = (each for each in self.report["turns"] if each["id"] == turn_id)
        return {name: turn[name] for name in ("channel", "start_ms", "end_ms")}

    def text(self, turn_id: str) -> str:
        (turn,) = (each for each in self.read()["turns"] if each["id"] == turn_id)
        return str(turn["text"])

    def send(self, **change: Any) -> httpx2.Response:
        return self.client.post(
            f"{self.path}/corrections", json=change, headers={"If-Match": self.etag}
        )

    def correct(self, **change: Any) -> dict[str, Any]:
        answer = self.send(**change)
        assert answer.status_code == 201, answer.text
        assert answer.headers["etag"] == self._of(answer)
        self.read()
        made: dict[str, Any] = answer.json()["correction"]
        return made

    def undo(self, correction: str, redo: bool = False) -> dict[str, Any]:
        path, headers = f"{self.path}/corrections/{correction}", {"If-Match": self.etag}
        answer = (
            self.client.post(f"{path}/redo", headers=headers)
            if redo
            else self.client.delete(path, headers=headers)
        )
        assert answer.status_code == 200, answer.text
        self.read()
        found: dict[str, Any] = answer.json()
        return found

    def all(self) -> list[dict[str, Any]]:
        answer = self.client.get(f"{self.path}/corrections")
        assert answer.headers["etag"] == self._of(answer)
        found: list[dict[str, Any]] = answer.json()["corrections"]
        return found

    @staticmethod
    def _of(answer: httpx2.Response) -> str:
        return f'"{answer.json()["round"]}.{answer.json()["version"]}"'


@pytest.fixture
def page(acme: httpx2.Client, call: str) -> Iterator[Page]:
    """The demo call as it was answered; reverted afterwards."""
    made = Page(acme, call)
    yield made
    answer = acme.post(f"/recordings/{call}/corrections/revert", json={}, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text


def long_ago(busy: Stack, correction: str) -> None:
    """Makes a correction old enough that the next one does not continue it."""
    with db.connect(busy.database_url) as connection:
        connection.execute(
            "UPDATE correction SET made_at = made_at - interval '1 minute' WHERE id = %s",
            (UUID(correction),),
        )


def said(page: Page) -> dict[str, Any]:
    """A turn with some words."""
    turn: dict[str, Any] = max(page.report["turns"], key=lambda each: len(each["words"]))
    return turn


def test_a_correction_is_in_the_report_in_exports_and_in_events(
    busy: Stack, acme: httpx2.Client, call: str, page: Page
) -> None:
    turn = said(page)
    text = "Zebra <script>alert(1)</script> crossing"
    made = page.correct(kind="text", turn=page.place(turn["id"]), text=text)
    page.correct(kind="rename", speaker=turn["speaker"], name=NAME)
    assert (made["state"], made["made_by"], made["turn"]) == ("applied", "test", turn["id"])
    assert (made["replaced"]["text"], made["round"]) == (turn["text"], page.all()[0]["round"])
    assert made["releases"]["asr"]
    assert page.text(turn["id"]) == text
    model = acme.get(f"/recordings/{call}/report", params={"layer": "model"}).json()
    assert turn in model["turns"]
    assert model.get("corrections") is None
    assert page.report["corrections"]["turns"] == {turn["id"]: ["text"]}
    session = acme.get(f"/sessions/{call}").json()
    assert (text, NAME) in [(each["text"], each["speaker_name"]) for each in session["segments"]]

    def exported(form: str) -> str:
        answer = acme.post(
            "/v1/audio/transcriptions",
            files={"file": ("call.ogg", DEMO.read_bytes())},
            data={"model": "gpt-4o-transcribe-diarize", "response_format": form, "language": "en"},
        )
        assert answer.status_code == 200, answer.text
        return answer.text

    diarized = json.loads(exported("diarized_json"))
    assert diarized["earshot"]["recording_id"] == call
    assert (NAME, text) in [(each["speaker"], each["text"]) for each in diarized["segments"]]
    lines = [line for cue in read_srt(exported("srt")) for line in cue.lines]
    assert "Zebra <script>alert(1)</script>" in " ".join(lines)
    vtt = exported("vtt")
    assert "Zebra &lt;script&gt;alert(1)&lt;/script&gt;" in vtt
    assert "<v &lt;b&gt;Ms. Miller&lt;/b&gt;" in vtt
    assert json.loads(busy.earshot("report", call, "--json").stdout) == page.report
    assert json.loads(busy.earshot("report", call, "--json", "--uncorrected").stdout) == model
    assert "Ms. Miller" in busy.earshot("report", call).stdout
    found = acme.get("/recordings", params={"text": "zebra <script"}).json()["recordings"]
    assert [each["id"] for each in found] == [call]
    with acme.stream(
        "GET",
        "/events",
        params={"from": "0", "recording_id": call, "types": "recording.corrected"},
    ) as stream:
        data = [json.loads(line[6:]) for line in _first(stream, b"recording.corrected", 2)]
    assert [(each["version"], each["corrections"], each["conflicts"]) for each in data] == [
        (made["version"], 1, 0),
        (made["version"] + 1, 2, 0),
    ]
    assert text not in json.dumps(data)


def _first(stream: httpx2.Response, kind: bytes, count: int) -> list[str]:
    """The data of the first events of a kind."""
    found: list[str] = []
    for line in stream.iter_lines():
        if line.startswith("data: ") and kind.decode() in line:
            found.append(line)
        if len(found) == count:
            return found
    raise AssertionError(f"the stream ended after {found}")


def test_two_people_correct_the_same_turn(
    busy: Stack, acme: httpx2.Client, call: str, page: Page
) -> None:
    turn = said(page)
    place = page.place(turn["id"])
    with client_of(busy, busy.settings["GATEWAY_URL"], tenant="acme") as second:
        other = Page(second, call)
        answers: list[httpx2.Response] = []
        writers = [
            threading.Thread(
                target=lambda who=who, text=text: answers.append(
                    who.send(kind="text", turn=place, text=text)
                )
            )
            for who, text in ((page, "by one"), (other, "by another"))
        ]
        for each in writers:
            each.start()
        for each in writers:
            each.join()
        elsewhere = {**place, "start_ms": place["start_ms"] + 1}
        gone = Page(second, call)
        gone.etag = other.etag  # from before
        none = gone.send(kind="text", turn=elsewhere, text="x").json()
    assert none["current"] == {"value": None, "correction": None}
    assert sorted(each.status_code for each in answers) == [201, 412]
    won, lost = sorted(answers, key=lambda each: each.status_code)
    problem = lost.json()
    assert problem["code"] == "changed_meanwhile"
    assert problem["current"]["value"]["text"] == page.text(turn["id"])
    assert problem["current"]["correction"] == won.json()["correction"]
    assert lost.headers["etag"] == won.headers["etag"] == page.etag
    missing = acme.post(
        f"/recordings/{call}/corrections", json={"kind": "text", "turn": place, "text": "x"}
    )
    assert (missing.status_code, missing.json()["code"]) == (428, "precondition_required")


def test_a_repeated_request_corrects_once(page: Page) -> None:
    place, chosen = page.place(said(page)["id"]), str(uuid4())
    before = len(page.all())
    change = {"id": chosen, "kind": "text", "turn": place, "text": "once"}
    first = page.send(**change)
    again = page.send(**change)  # with the ETag from before
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    reused = page.send(**{**change, "text": "twice"})
    assert (reused.status_code, reused.json()["code"]) == (422, "id_reused")
    page.read()
    same = page.send(kind="text", turn=place, text="once")
    assert (same.status_code, same.json()) == (200, first.json())
    assert len(page.all()) == before + 1


def test_what_is_written_on_is_one_correction(busy: Stack, call: str, page: Page) -> None:
    turn, first, second = said(page), str(uuid4()), str(uuid4())
    place, before = page.place(turn["id"]), len(page.all())
    made = page.correct(id=first, kind="text", turn=place, text="wri")
    tag = page.etag
    page.correct(kind="rename", speaker=turn["speaker"], name="Ann")  # another kind
    change = {"id": second, "kind": "text", "turn": place, "text": "written"}
    sent = page.send(**change)
    again = sent.json()["correction"]
    assert (sent.status_code, again["id"], again["value"]["text"]) == (201, first, "written")
    assert again["replaced"] == made["replaced"]
    assert again["version"] == made["version"] + 2
    assert len(page.all()) == before + 2
    # Either request may be repeated with the old edition, and is answered with what is there.
    page.etag = tag
    for repeated in ({**change, "id": first, "text": "wri"}, change):
        answer = page.send(**repeated)
        assert (answer.status_code, answer.json()["correction"]) == (200, again)
    reused = page.send(**{**change, "text": "other"})
    assert (reused.status_code, reused.json()["code"]) == (422, "id_reused")
    with client_of(busy, busy.settings["GATEWAY_URL"], tenant="acme") as second_person:
        theirs = Page(second_person, call).correct(kind="text", turn=place, text="by another")
    assert theirs["id"] != first
    page.read()
    mine = page.correct(kind="text", turn=place, text="by me")["id"]
    assert mine not in (first, theirs["id"])
    long_ago(busy, mine)
    later = page.correct(kind="text", turn=place, text="a minute later")["id"]
    assert later != mine
    assert [each["state"] for each in page.all()[before:]] == [
        "applied", "superseded", "superseded", "superseded", "applied"
    ]  # fmt: skip
    page.undo(later)
    assert page.text(turn["id"]) == "by me"


def test_undo_redo_versions_and_revert(
    busy: Stack, acme: httpx2.Client, call: str, page: Page
) -> None:
    turn = said(page)
    place = page.place(turn["id"])
    start = acme.get(f"/recordings/{call}/corrections/versions", params={"limit": 500}).json()
    one = page.correct(kind="text", turn=place, text="one")["id"]
    long_ago(busy, one)
    two = page.correct(kind="text", turn=place, text="two")["id"]
    assert [each["state"] for each in page.all()[-2:]] == ["superseded", "applied"]
    undone = page.undo(two)["corrections"][0]
    assert (undone["state"], undone["undone_by"]) == ("undone", "test")
    assert page.text(turn["id"]) == "one"
    tag = page.etag
    assert page.undo(two)["version"] == int(tag.strip('"').split(".")[1])  # nothing to do
    page.undo(two, redo=True)
    assert page.text(turn["id"]) == "two"
    answer = acme.post(
        f"/recordings/{call}/corrections/revert",
        json={"turn": place, "kinds": ["text"]},
        headers={"If-Match": page.etag},
    )
    assert {each["id"] for each in answer.json()["corrections"]} == {one, two}
    assert page.text(turn["id"]) == turn["text"]
    assert page.report.get("corrections") is None
    after = acme.get(f"/recordings/{call}/corrections/versions", params={"limit": 500}).json()
    made = after["versions"][len(start["versions"]) :]
    assert [each["action"] for each in made] == ["made", "made", "undone", "redone", "reverted"]
    assert [each["corrections"] for each in made[:3]] == [[one], [two], [two]]
    pages = acme.get(f"/recordings/{call}/corrections/versions", params={"limit": 1}).json()
    assert pages["next_cursor"] == str(pages["versions"][0]["version"])
    assert (
        acme.delete(
            f"/recordings/{call}/corrections/{uuid4()}", headers={"If-Match": "*"}
        ).status_code
        == 404
    )


def test_filters_of_the_list_find_the_corrected_values(busy: Stack, acme: httpx2.Client) -> None:
    call = transcribed(busy, acme, language="en-AU", analyses="asr", roles="agent,customer")
    page = Page(acme, call)

    def found(**wanted: str) -> bool:
        rows = acme.get("/recordings", params=wanted).json()["recordings"]
        return call in [each["id"] for each in rows]

    def seen() -> list[bool]:
        return [found(**{"label": each}) for each in ("happy", "sad")] + [
            found(role=each) for each in ("customer", "lead")
        ]

    answered = [False, False, True, False]
    assert seen() == answered
    place = page.place(said(page)["id"])
    first = page.correct(kind="emotion", turn=place, label="happy")["id"]
    long_ago(busy, first)
    second = page.correct(kind="emotion", turn=place, label="sad")["id"]
    page.correct(kind="roles", roles=["agent", "lead"])
    assert seen() == [False, True, False, True]
    page.undo(second)
    assert seen() == [True, False, False, True]
    begun = acme.post(f"/recordings/{call}/rerun", json={"analyses": ["asr"]})
    assert begun.status_code == 202, begun.text
    busy.wait_finished(call)
    assert seen() == [True, False, False, True]
    acme.post(f"/recordings/{call}/corrections/revert", json={}, headers={"If-Match": "*"})
    assert seen() == answered


def test_each_request_for_a_new_speaker_makes_one(page: Page) -> None:
    before = [each["id"] for each in page.report["speakers"]]
    place, number = page.place(said(page)["id"]), len(before)
    refused = page.send(kind="speaker", turn=place, speaker=f"s{number}")
    assert (refused.status_code, refused.json()["code"]) == (422, "no_such_speaker")
    made = page.correct(kind="speaker", turn=place, speaker="new")
    assert made["value"]["speaker"] == f"s{number}"
    page.read()
    assert [each["id"] for each in page.report["speakers"]] == [*before, f"s{number}"]
    assert said(page)["speaker"] == f"s{number}"
    page.undo(made["id"])
    assert [each["id"] for each in page.report["speakers"]] == before


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"kind": "text", "text": "x" * 10_001}, "invalid_request"),
        ({"kind": "text", "text": "a\u0000b"}, "invalid_request"),
        ({"kind": "text", "text": "x", "more": 1}, "invalid_request"),
        ({"kind": "text", "text": "x", "confirms": True}, "invalid_request"),
        ({"kind": "emotion", "label": "furious"}, "no_such_label"),
        ({"kind": "sentiment", "label": "happy"}, "no_such_label"),
        ({"kind": "speaker", "speaker": "s77"}, "no_such_speaker"),
        ({"kind": "speaker", "speaker": "made"}, "invalid_request"),
        ({"kind": "boundaries", "start_ms": 5, "end_ms": 5}, "out_of_range"),
        ({"kind": "boundaries", "start_ms": 5, "end_ms": 10_000_000}, "out_of_range"),
    ],
)
def test_what_is_impossible_is_refused(page: Page, change: dict[str, Any], code: str) -> None:
    answer = page.send(turn=page.place(said(page)["id"]), **change)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text


def test_other_tenants_and_readers(busy: Stack, call: str, page: Page) -> None:
    turn = said(page)["id"]
    place = page.place(turn)
    made = page.correct(kind="text", turn=place, text="ours")["id"]
    body = {"kind": "text", "turn": place, "text": "theirs"}
    url, path = busy.settings["GATEWAY_URL"], f"/recordings/{call}"
    calls: tuple[tuple[str, str, Any], ...] = (
        ("GET", f"{path}/corrections", None),
        ("GET", f"{path}/corrections/versions", None),
        ("POST", f"{path}/corrections", body),
        ("DELETE", f"{path}/corrections/{made}", None),
        ("POST", f"{path}/corrections/{made}/redo", None),
        ("POST", f"{path}/corrections/revert", {}),
        ("POST", f"{path}/rerun", {"analyses": ["asr"]}),
    )
    with client_of(busy, url, "admin", "zeta") as zeta:
        for method, address, sent in calls:
            answer = zeta.request(method, address, json=sent, headers={"If-Match": "*"})
            assert answer.status_code == 404, (method, address)
        batch = {"action": "delete", "ids": [call], "count": 1}
        (done,) = zeta.post("/recordings/batch", json=batch).json()["results"]
        assert (done["status"], done["code"]) == (404, "not_found")
    with client_of(busy, url, "read", "acme") as reader:
        for method, address, sent in calls:
            answer = reader.request(method, address, json=sent, headers={"If-Match": "*"})
            assert answer.status_code == (200 if method == "GET" else 403), (method, address)
    assert page.text(turn) == "ours"


def test_a_rerun_keeps_a_correction_and_shows_a_conflict(
    busy: Stack, acme: httpx2.Client, call: str, page: Page
) -> None:
    turn = said(page)
    other = next(each for each in page.report["turns"] if each["text"] and each["id"] != turn["id"])
    kept = page.correct(kind="text", turn=page.place(turn["id"]), text="kept by a person")["id"]
    clash = page.correct(kind="text", turn=page.place(other["id"]), text="said by a person")["id"]
    with db.connect(busy.database_url) as connection:  # as if another release had answered then
        connection.execute(
            "UPDATE correction SET replaced = %s WHERE id = %s",
            (Jsonb({"text": "another answer"}), UUID(clash)),
        )
    before = page.etag
    begun = acme.post(f"/recordings/{call}/rerun", json={"analyses": ["asr"]})
    assert begun.status_code == 202, begun.text
    assert begun.json()["jobs"] > 0
    again = acme.post(f"/recordings/{call}/rerun", json={"analyses": ["asr"]})
    during = page.send(kind="text", turn=page.place(turn["id"]), text="meanwhile")
    busy.wait_finished(call)
    # Either may have come after the end of the round.
    assert again.status_code in (202, 409)
    assert during.status_code in (409, 412)
    busy.wait_finished(call)
    assert page.text(turn["id"]) == "kept by a person"
    assert page.text(other["id"]) == "said by a person"
    assert page.etag != before
    states = {each["id"]: each for each in page.all()}
    assert states[kept]["state"] == "applied"
    assert states[clash]["state"] == "conflict"
    assert states[clash]["conflict"]["reason"] == "changed"
    assert states[clash]["conflict"]["answer"]["text"] == other["text"]
    (conflict,) = page.report["corrections"]["conflicts"]
    assert conflict["id"] == clash
    assert (conflict["corrected"]["text"], conflict["answer"]["text"]) == (
        "said by a person",
        other["text"],
    )
    found = acme.get("/recordings", params={"text": "kept by a person"}).json()["recordings"]
    assert [each["id"] for each in found] == [call]
    page.correct(kind="text", turn=page.place(other["id"]), text="said by a person")
    assert page.report["corrections"]["conflicts"] == []


def test_batches_need_their_count_and_deletions_take_corrections_along(
    busy: Stack, acme: httpx2.Client
) -> None:
    gone = transcribed(busy, acme, language="en-GB", analyses="asr")
    page = Page(acme, gone)
    place = page.place(said(page)["id"])
    page.correct(kind="text", turn=place, text="to be")
    with db.connect(busy.database_url) as connection:
        connection.execute(MORE, (gone,))
    page.correct(kind="text", turn=place, text="to be forgotten")  # in the place of the last one
    more = page.send(kind="boundaries", turn=place, start_ms=0, end_ms=place["end_ms"])
    assert (more.status_code, more.json()["code"]) == (422, "too_many")
    nothing = acme.post(f"/recordings/{gone}/rerun", json={"failed": True})
    assert (nothing.status_code, nothing.json()["jobs"]) == (200, 0)
    empty = acme.post(f"/recordings/{gone}/rerun", json={})
    assert (empty.status_code, empty.json()["code"]) == (422, "nothing_named")
    unknown = str(uuid4())
    batch = {"action": "delete", "ids": [gone, unknown, gone], "count": 3}
    refused = acme.post("/recordings/batch", json=batch)
    assert (refused.status_code, refused.json()["code"]) == (422, "count_differs")
    again = {"action": "rerun", "ids": [gone], "count": 1, "failed": True}
    assert acme.post("/recordings/batch", json=again).json()["results"][0]["status"] == 200
    done = acme.post("/recordings/batch", json={**batch, "count": 2})
    assert [(each["id"], each["status"]) for each in done.json()["results"]] == [
        (gone, 200),
        (unknown, 404),
    ]
    assert acme.get(f"/recordings/{gone}/corrections").status_code == 410
    receipt = acme.get(f"/deletions/{gone}").json()
    assert receipt["removed"]["postgres"]["correction"] == 5_000
    assert receipt["removed"]["postgres"]["correction_version"] == 2
    assert everywhere(busy, gone) == []
    with db.connect(busy.database_url) as connection:
        rows = connection.execute("SELECT value FROM correction").fetchall()
    assert "to be forgotten" not in json.dumps([row["value"] for row in rows])
