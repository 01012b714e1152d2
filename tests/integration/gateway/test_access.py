"""Who may do what: every operation with no token, with one of each scope, and with one of another
tenant. The table of docs/http-access.md is made of the answers (``pytest --write-access``)."""

import json
from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

import httpx2
import pytest

from earshot.analysis.request import IngestRequest
from earshot.pipeline.intake.submit import register
from earshot.settings import PROJECT
from earshot.storage import remembered_roles
from earshot.storage.postgres import db
from gateway.app import create, document
from gateway.door import NEEDS
from tests.servers import Stack

pytestmark = pytest.mark.integration
Make = Callable[..., httpx2.Client]

TABLE = PROJECT / "docs" / "http-access.md"
COLUMNS = ("no token", "read", "write", "admin", "operator", "other tenant")
SCOPES = {"none": 0, "read": 1, "write": 2, "admin": 3, "operator": 4}
TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {**TUS, "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
BODIES = {
    ("patch", "/webhooks/{id}"): {"types": ["recording.completed"]},
    ("post", "/webhooks/{id}/replay"): {"state": "dead"},
    ("post", "/recordings/{recording_id}/corrections"): {
        "kind": "roles",
        "roles": ["customer", "agent"],
    },
    ("post", "/recordings/{recording_id}/corrections/revert"): {},
    ("post", "/recordings/{recording_id}/rerun"): {"failed": True},
    ("put", "/rules/{name}"): {"when": {"words": ["cancel"]}},
    ("post", "/rules/dry-run"): {"rule": {"when": {"words": ["cancel"]}}},
    ("post", "/rules/{name}/backfill"): {},
    ("put", "/recordings/{recording_id}/hold"): {"reason": "case 12"},
}
"""Of operations that judge their body before they look for what their path names."""
CREATING = {("put", "/rules/{name}")}
"""Names are the tenant's own: what has that name elsewhere is another thing."""
QUERIES = {("get", "/recordings/{recording_id}/export"): "?format=json"}
"""Of operations that judge their query before."""
HEAD = """# Who may do what

Made by `tests/integration/gateway/test_access.py` out of the answers of a gateway: `yes`, or the
status of the refusal. The last column is a token of another tenant with the scope `admin`: what it
names does not exist for it, and lists hold what is its own. Pools belong to no tenant.

"""


@pytest.fixture(scope="module")
def answers(door: Stack, client: Make) -> dict[str, dict[str, str]]:
    """Operation to column to answer."""
    callers = {
        "no token": client(None),
        **{scope: client(scope) for scope in ("read", "write", "admin", "operator")},
        "other tenant": client("admin", "other"),
    }
    return {
        f"{method.upper()} {path}": {
            column: _answer(door, callers, column, method, path) for column in COLUMNS
        }
        for method, path, _ in operations()
    }


def operations() -> Iterator[tuple[str, str, str]]:
    for path, item in document(create())["paths"].items():
        for method, operation in item.items():
            yield method, path, operation[NEEDS]


def _answer(
    door: Stack, callers: dict[str, httpx2.Client], column: str, method: str, path: str
) -> str:
    """A new thing of the tenant ``default`` is named each time: some operations delete it."""
    named = path.format(
        **{name: PLANTED[path.split("/")[1]](door, callers) for name in _names(path)}
    )
    named += QUERIES.get((method, path), "")
    body = BODIES.get((method, path))
    headers = PIECE if path.startswith("/uploads/") else {}
    with callers[column].stream(
        method, named, json=body, headers=headers
    ) as answer:  # an event stream has no end
        if answer.status_code in (401, 403):
            return str(answer.status_code)
        if answer.status_code == 404 and _names(path):
            body = answer.read()
            assert _without_id(body) == _unknown(callers[column], method, path)
            return "404"
        assert answer.status_code < 500, answer.read()
        return "yes"


def _names(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


def _unknown(client: httpx2.Client, method: str, path: str) -> dict[str, object]:
    """The answer about what nobody has."""
    named = path.format(**dict.fromkeys(_names(path), uuid4())) + QUERIES.get((method, path), "")
    headers = PIECE if path.startswith("/uploads/") else {}
    answer = client.request(method, named, json=BODIES.get((method, path)), headers=headers)
    return _without_id(answer.content)


def _without_id(body: bytes) -> dict[str, object]:
    """A problem without the id of its request; that of HEAD has no body."""
    problem = json.loads(body) if body else {}
    return {key: value for key, value in problem.items() if key != "request_id"}


def _recording(door: Stack, _: dict[str, httpx2.Client]) -> str:
    made = uuid4()
    with db.connect(door.database_url) as connection:
        request = IngestRequest(uri=f"file://{door.home}/offered/{made}.wav", recording_id=made)
        register(connection, made, request)
    return str(made)


def _webhook(_: Stack, callers: dict[str, httpx2.Client]) -> str:
    made = callers["admin"].post("/webhooks", json={"url": "https://example.org/events"})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def _begun(_: Stack, callers: dict[str, httpx2.Client]) -> str:
    made = callers["admin"].post("/uploads", headers={**TUS, "Upload-Length": "9"})
    assert made.status_code == 201, made.text
    return made.headers["location"].rpartition("/")[2]


def _rule(_: Stack, callers: dict[str, httpx2.Client]) -> str:
    name = f"r{uuid4().hex}"
    made = callers["admin"].put(f"/rules/{name}", json={"when": {"words": ["cancel"]}})
    assert made.status_code == 201, made.text
    return name


def _remembered(door: Stack, callers: dict[str, httpx2.Client]) -> str:
    source, recording = f"s3://calls/{uuid4()}/", UUID(_recording(door, callers))
    with db.connect(door.database_url) as connection:
        remembered_roles.remember(connection, "default", source, ["a", "b"], recording, "anna")
        [made] = [
            each.id
            for each in remembered_roles.remembered(connection, "default")
            if each.source == source
        ]
    return str(made)


PLANTED = {
    "recordings": _recording,
    "deletions": _recording,
    "sessions": _recording,
    "webhooks": _webhook,
    "pools": lambda *_: "scene",
    "rules": _rule,
    "remembered-roles": _remembered,
    "uploads": _begun,
}


def test_every_operation_asks_for_its_scope(answers: dict[str, dict[str, str]]) -> None:
    for method, path, needed in operations():
        row = answers[f"{method.upper()} {path}"]
        for column, rank in SCOPES.items():
            if column == "none":
                assert row["no token"] == ("yes" if needed == "none" else "401"), path
            else:
                assert (row[column] == "403") == (rank < SCOPES[needed]), (path, column, row)


def test_what_belongs_to_another_tenant_does_not_exist(answers: dict[str, dict[str, str]]) -> None:
    for method, path, needed in operations():
        if _names(path) and needed != "operator" and (method, path) not in CREATING:
            assert answers[f"{method.upper()} {path}"]["other tenant"] == "404", path


@pytest.mark.parametrize("path", ["/recordings", "/webhooks/{id}/deliveries"])
def test_a_misspelt_filter_is_refused(client: Make, path: str) -> None:
    """With it ignored, a list would have everything."""
    path = path.format(id=uuid4())
    answer = client("admin").get(path, params={"stat\né": "failed", "limit": 1})
    assert answer.status_code == 422
    assert answer.json()["code"] == "unknown_parameter"
    assert "state" in answer.json()["detail"]
    assert client("admin").get(path, params={"limit": 1}).status_code in (200, 404)


def test_lists_hold_what_is_the_tenants_own(door: Stack, client: Make) -> None:
    admin, other = client("admin"), client("admin", "another")
    callers = {"admin": admin}
    planted = {_recording(door, callers), _webhook(door, callers)}
    for path in ("/recordings", "/webhooks"):
        assert any(each in admin.get(path).text for each in planted)
        assert not any(each in other.get(path).text for each in planted)


def test_the_address_of_the_next_page_names_no_ticket(door: Stack, client: Make) -> None:
    for _ in range(2):
        _recording(door, {})
    reader = client("read")
    ticket = reader.post("/tickets").json()["ticket"]
    page = client(None).get("/recordings", params={"ticket": ticket, "limit": 1})
    following = reader.get(page.links["next"]["url"])
    assert ticket not in page.headers["link"]
    assert [len(each.json()["recordings"]) for each in (page, following)] == [1, 1]
    assert page.json()["recordings"] != following.json()["recordings"]


def test_the_table_of_the_docs_is_this_one(
    answers: dict[str, dict[str, str]], request: pytest.FixtureRequest
) -> None:
    needs = {f"{method.upper()} {path}": needed for method, path, needed in operations()}
    lines = [f"| operation | needs | {' | '.join(COLUMNS)} |", "|---|---|" + "---|" * len(COLUMNS)]
    lines += [
        f"| `{name}` | {needs[name]} | {' | '.join(row[column] for column in COLUMNS)} |"
        for name, row in answers.items()
    ]
    text = HEAD + "\n".join(lines) + "\n"
    if request.config.getoption("--write-access"):
        TABLE.write_text(text, encoding="utf-8")
    assert TABLE.read_text(encoding="utf-8") == text, "run pytest --write-access with this file"
