"""Languages are taken as BCP 47 has them, in one spelling, and what would never match anything is
refused in one line."""

import pytest
from pydantic import ValidationError

from cli.ingest import options
from cli.terminal.explain import USAGE, explained
from earshot.analysis.errors import Misconfigured
from earshot.analysis.request import IngestRequest
from earshot.analysis.words.languages import language_tag
from earshot.settings import Settings
from tests.unit.cli.test_errors import invalid


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("EN", "en"),
        ("en-gb", "en-GB"),
        ("AR-latn-ma", "ar-Latn-MA"),
        ("es-419", "es-419"),
        ("zh-hant-hk", "zh-Hant-HK"),
        ("de-CH-1996", "de-CH-1996"),
        ("en-x-in-call", "en-x-in-call"),
        ("ary", "ary"),
        ("und", "und"),
    ],
)
def test_a_tag_is_put_into_its_usual_case(text: str, tag: str) -> None:
    assert language_tag(text) == tag
    assert IngestRequest(uri="file:///a", language=text).language == tag
    assert Settings(language=text).language == tag


@pytest.mark.parametrize(
    "text", ["english", "", "e", "en_US", "en-", "en US", "*", "en\n", "fr-" + "x-" * 40 + "a"]
)
def test_what_is_no_tag_is_refused_in_a_line_that_says_what_to_write(text: str) -> None:
    for error in (
        invalid(Settings, language=text),
        invalid(Settings, asr_routes={text: "x"}) if text != "*" else None,
    ):
        if error:
            code, line = explained(error)
            assert code == USAGE
            assert "write its code of two or three letters" in line
            assert "\n" not in line
    with pytest.raises(ValidationError, match="BCP 47"):
        IngestRequest(uri="file:///a", language=text)
    if text:
        with pytest.raises(Misconfigured, match="--language"):
            options(None, None, "full", text, None, False, False)


def test_routes_are_by_primary_subtag_in_lower_case() -> None:
    assert Settings(asr_routes={"AR": "a-1", "ary": "b-1", "*": "c-1"}).asr_routes == {
        "ar": "a-1",
        "ary": "b-1",
        "*": "c-1",
    }
    assert "write 'ar'" in explained(invalid(Settings, asr_routes={"ar-MA": "a-1"}))[1]
    assert (
        "'AR' and 'ar' are one"
        in explained(invalid(Settings, asr_routes={"ar": "a-1", "AR": "b-1"}))[1]
    )
