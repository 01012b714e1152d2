"""The page's files: headers, caching, and nothing beside the folder."""

import gzip
from collections.abc import Callable

import httpx2
import pytest

from gateway.routes.page import FOLDER, files

pytestmark = pytest.mark.integration
Make = Callable[..., httpx2.Client]


def test_every_file_is_served_without_a_token(client: Make) -> None:
    bare = client(None)
    assert len(files()) > 20
    for name, file in files().items():
        answer = bare.get(f"/page/{name}")
        assert answer.status_code == 200, name
        assert answer.content == (FOLDER / name).read_bytes(), name
        assert answer.headers["content-type"] == file.media_type
    assert bare.get("/").content == (FOLDER / "index.html").read_bytes()


def test_the_policy_lets_in_only_files_of_this_host(client: Make) -> None:
    headers = client(None).get("/").headers
    policy = dict(each.split(" ", 1) for each in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert {policy[f"{kind}-src"] for kind in ("script", "style", "img", "connect")} == {"'self'"}
    assert policy["frame-ancestors"] == "'none'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"


def test_nothing_inline_and_no_other_host() -> None:
    for name, file in files().items():
        text = file.body.decode()
        assert "innerHTML" not in text, name
        assert "eval(" not in text, name
        assert "https://" not in text, name
        assert text.count("http://") == text.count('"http://www.w3.org/2000/svg"'), name
    index = files()["index.html"].body.decode()
    assert "<style" not in index
    assert " style=" not in index
    assert " on" not in index.replace(" one ", "")
    assert index.count("<script") == index.count('<script type="module" src="/page/')


def test_what_was_read_before_is_answered_with_304(client: Make) -> None:
    bare = client(None)
    tag = bare.get("/page/js/main.js").headers["etag"]
    again = bare.get("/page/js/main.js", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == tag
    plain = bare.get("/page/js/main.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.headers["etag"] != tag


def test_head_has_the_length_of_what_get_sends(client: Make) -> None:
    head = client(None).head("/page/css/base.css")
    packed = gzip.compress((FOLDER / "css/base.css").read_bytes(), mtime=0)
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) == len(packed)


@pytest.mark.parametrize(
    "path", ["/page/", "/page/js", "/page/../app.py", "/page/%2e%2e/app.py", "/page/js/none.js"]
)
def test_other_paths_are_404(client: Make, path: str) -> None:
    answer = client(None).get(path)
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


def test_post_is_405(client: Make) -> None:
    assert client(None).post("/page/js/main.js").status_code == 405
