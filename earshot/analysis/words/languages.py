"""Language tags: BCP 47 (RFC 5646), checked for form and normalised to their usual case."""

import re
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

UNDETERMINED = "und"
"""BCP 47 for an undetermined language, to be detected."""
LONGEST = 35
"""Maximum length that every implementation must accept (RFC 5646, section 4.4.1)."""
FORM = (
    "[A-Za-z]{2,3}(-[A-Za-z]{3}){0,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*"
    "(-[A-WY-Za-wy-z0-9](-[A-Za-z0-9]{2,8})+)*(-[Xx](-[A-Za-z0-9]{1,8})+)?"
)
"""``langtag`` of RFC 5646, section 2.1: language, script, region, variants, extensions, private
use. Its languages of four letters and more are reserved, and none is registered."""


def language_tag(text: str) -> str:
    """The tag in the case of RFC 5646, section 2.1.1: ``AR-latn-ma`` becomes ``ar-Latn-MA``. The
    existence of the language is not checked.

    Raises:
        ValueError: not a tag.
    """
    if len(text) > LONGEST or not re.fullmatch(FORM, text):
        raise ValueError(
            f"{text[:LONGEST]!r} is no BCP 47 language: write its code of two or three letters, as"
            " en, fr-CA or ary"
        )
    first, *others = text.lower().split("-")
    plain = next((n for n, part in enumerate(others) if len(part) == 1), len(others))
    return "-".join([first, *map(_cased, others[:plain]), *others[plain:]])


def _cased(subtag: str) -> str:
    return (
        subtag.upper()
        if len(subtag) == 2
        else subtag.title()
        if re.fullmatch("[a-z]{4}", subtag)
        else subtag
    )


Language = Annotated[
    str,
    AfterValidator(language_tag),
    WithJsonSchema({"type": "string", "pattern": f"^{FORM}$", "maxLength": LONGEST}),
]
"""A language tag, normalised."""


def route(text: str) -> str:
    """The primary subtag of a route, in lower case.

    Raises:
        ValueError: not a language, or more than a primary subtag.
    """
    primary = language_tag(text).partition("-")[0]
    if primary != text.lower():
        raise ValueError(
            f"{text!r} names more than a language, and recognisers are chosen by that alone: write"
            f" {primary!r}"
        )
    return primary
