"""URLs are shown without what opens doors."""

import pytest

from analysis.errors import Unavailable
from analysis.request import IngestRequest
from analysis.urls import masked, shown

SECRET = "topsecret"


@pytest.mark.parametrize(
    ("url", "right"),
    [
        (f"redis://:{SECRET}@127.0.0.1:1/0", "redis://127.0.0.1:1/0"),
        (f"postgresql://user:{SECRET}@db:5432/calls?sslmode=require", "postgresql://db:5432/calls"),
        (f"https://store/calls/7.wav?X-Amz-Signature={SECRET}#{SECRET}", "https://store/calls/7.wav"),
        (f"https://{SECRET}@[2001:db8::1]:8443/a b.wav", "https://[2001:db8::1]:8443/a b.wav"),
        ("unix:///run/earshot/redis.sock?db=0", "unix:///run/earshot/redis.sock"),
        ("file:///data/calls/7.wav", "file:///data/calls/7.wav"),
        (f"https://[{SECRET}/x", "https://..."),
        ("/data/why?.wav", "/data/why?.wav"),
    ],
)
def test_a_url_keeps_where_and_loses_who(url: str, right: str) -> None:
    assert shown(url) == right


def test_every_url_of_a_text_is_masked() -> None:
    text = f"Error 111 connecting to redis://:{SECRET}@h:1/0, then 'https://a:{SECRET}@b/c?d={SECRET}'; try again"
    assert masked(text) == "Error 111 connecting to redis://h:1/0, then 'https://b/c'; try again"


def test_an_error_of_ours_holds_none_however_long() -> None:
    error = Unavailable("x", "y" * 990 + f" https://user:{SECRET}@host/path?sig={SECRET}")
    assert SECRET not in str(error)
    assert str(error).endswith("https://host/path")


def test_a_request_without_a_name_shows_none() -> None:
    assert IngestRequest(uri=f"https://user:{SECRET}@host/?sig={SECRET}").name == "https://host/"
