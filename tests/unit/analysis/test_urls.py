"""URLs are shown without what opens doors."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.analysis.errors import Unavailable
from earshot.analysis.printable import on_one_line
from earshot.analysis.request import IngestRequest
from earshot.analysis.urls import ends, masked, shown

SECRET = "topsecret"


@pytest.mark.parametrize(
    ("url", "right"),
    [
        (f"redis://:{SECRET}@127.0.0.1:1/0", "redis://127.0.0.1:1/0"),
        (f"postgresql://user:{SECRET}@db:5432/calls?sslmode=require", "postgresql://db:5432/calls"),
        (
            f"https://store/calls/7.wav?X-Amz-Signature={SECRET}#{SECRET}",
            "https://store/calls/7.wav",
        ),
        (f"https://{SECRET}@[2001:db8::1]:8443/a b.wav", "https://[2001:db8::1]:8443/a b.wav"),
        ("unix:///run/earshot/redis.sock?db=0", "unix:///run/earshot/redis.sock"),
        ("file:///data/calls/7.wav", "file:///data/calls/7.wav"),
        ("file:///calls/call#7?.wav", "file:///calls/call#7?.wav"),
        (f"file://user:{SECRET}@host/calls/#7@home.wav", "file://host/calls/#7@home.wav"),
        (f"https://[{SECRET}/x", "https://..."),
        ("/data/why?.wav", "/data/why?.wav"),
    ],
)
def test_a_url_keeps_where_and_loses_who(url: str, right: str) -> None:
    assert shown(url) == right


def test_every_url_of_a_text_is_masked() -> None:
    text = (
        f"Error 111 connecting to redis://:{SECRET}@h:1/0, then"
        f" 'https://a:{SECRET}@b/c?d={SECRET}'; try again"
    )
    assert masked(text) == "Error 111 connecting to redis://h:1/0, then 'https://b/c'; try again"


@pytest.mark.parametrize(
    "scheme", ["x" * 200, "a." * 100, "3redis", "_redis", "s3", "redis+socket"]
)
def test_no_scheme_hides_a_password(scheme: str) -> None:
    assert masked(f"see {scheme}://a:{SECRET}@b/c?{SECRET}") == f"see {scheme}://b/c"


@pytest.mark.parametrize(
    "text", ["a." * 200_000, "a" * 400_000, "a://" * 100_000, "://" * 100_000, "a:// " * 50_000]
)
def test_any_text_is_masked_in_linear_time(text: str) -> None:
    before = process_time()
    masked(text)
    on_one_line(text * 10)
    assert process_time() - before < 2.0


@given(st.integers(0, 200), st.integers(0, 200), st.sampled_from(["x", " ", "'"]))
def test_of_a_url_that_is_cut_nothing_is_left(before: int, after: int, filled: str) -> None:
    url = f"s3://user:{SECRET}@host/calls/7.wav?sig={SECRET}"
    text = filled * before + url + filled * after
    found = masked(ends(text, 40))
    assert not any(SECRET[start : start + 4] in found for start in range(len(SECRET) - 3))
    assert len(found) <= 83


def test_an_error_of_ours_holds_none_however_long() -> None:
    error = Unavailable("x", "y" * 990 + f" https://user:{SECRET}@host/path?sig={SECRET}")
    assert SECRET not in str(error)
    assert str(error).endswith("https://host/path")


@pytest.mark.parametrize("name", ["call#7?.wav", "50%25.wav", "7 [left].wav"])
def test_a_request_is_called_as_its_file_is(name: str) -> None:
    assert IngestRequest(uri=f"file:///calls/{name}").name == name
    assert masked(f"'file:///calls/{name}' is no audio") == f"'file:///calls/{name}' is no audio"


def test_a_request_without_a_name_shows_none() -> None:
    assert IngestRequest(uri=f"https://user:{SECRET}@host/?sig={SECRET}").name == "https://host/"
