"""What is known of each language (``lexicon.toml``), and words in the form in which it is looked
up."""

import tomllib
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

TABLE = Path(__file__).with_name("lexicon.toml")
LANGUAGES = ("en", "fr")
MINUS = "\u2212"


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(TABLE.read_text(encoding="utf-8"))


class Lexicon(NamedTuple):
    """The words of some languages together."""

    languages: tuple[str, ...]
    regions: tuple[str, ...]
    """Whose telephone numbers are written without the country's code."""
    units: dict[str, int]
    teens: dict[str, int]
    tens: dict[str, int]
    reach_19: frozenset[str]
    """Tens that are followed by 10 to 19 as well: soixante-douze is 72."""
    hundred: frozenset[str]
    joins: frozenset[str]
    magnitudes: frozenset[str]
    repeats: dict[str, int]
    times: frozenset[str]
    homophones: frozenset[str]
    bridge: frozenset[str]
    """Words that do not end a number: fillers, answers of a listener, repairs."""
    units_after: frozenset[str]
    unit_homonyms: frozenset[str]
    """Those of ``units_after`` and ``months`` that begin another clause as well: "am", "pour"."""
    months: frozenset[str]
    before_year: frozenset[str]
    cues: frozenset[str]
    short_cues: tuple[tuple[str, ...], ...]
    """Phrases before numbers of three digits and more."""
    at: frozenset[str]
    dot: frozenset[str]
    separators: frozenset[str]
    not_local: frozenset[str]
    address_cues: frozenset[str]
    """Words before an address of e-mail."""


def lexicon(languages: Sequence[str]) -> Lexicon:
    """The lexicon of the BCP 47 languages; of all that are known where none of them is, as for
    ``und``: a number in the wrong language is then found all the same."""
    known = tuple(
        name
        for name in LANGUAGES
        if name in {language.partition("-")[0].lower() for language in languages}
    )
    return _lexicon(known or LANGUAGES)


@cache
def _lexicon(names: tuple[str, ...]) -> Lexicon:
    tables = [_table()[name] for name in names]

    def together(key: str) -> frozenset[str]:
        return frozenset(word for table in tables for word in table[key])

    def numbers(key: str) -> dict[str, int]:
        return {word: value for table in tables for word, value in table[key].items()}

    return Lexicon(
        languages=names,
        regions=tuple(dict.fromkeys(region for table in tables for region in table["regions"])),
        units=numbers("units"),
        teens=numbers("teens"),
        tens=numbers("tens"),
        repeats=numbers("repeats"),
        bridge=together("fillers") | together("repairs"),
        short_cues=tuple(tuple(cue.split()) for cue in sorted(together("short_cues"))),
        **{
            key: together(key)
            for key in (
                "reach_19", "hundred", "joins", "magnitudes", "times", "homophones", "units_after",
                "unit_homonyms", "months", "before_year", "cues", "at", "dot", "separators",
                "not_local", "address_cues",
            )
        },
    )  # fmt: skip


@cache
def addresses() -> dict[str, frozenset[str]]:
    """``providers`` of mail; ``top_levels`` of domains, and those that are ``spoken_top_levels``
    wherever they follow a dot."""
    return {name: frozenset(words) for name, words in _table()["addresses"].items()}


@cache
def iban_lengths() -> dict[str, int]:
    """Country to the number of characters of its IBANs."""
    return dict(_table()["iban"])


def plain(text: str) -> str:
    """The text in lower case, without accents, with digits of every script as 0 to 9 and every dash
    as a hyphen."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(_plain(decomposed)).replace("\u2019", "'")


def _plain(text: Iterable[str]) -> Iterable[str]:
    for character in text:
        digit = unicodedata.decimal(character, None)
        kind = unicodedata.category(character)
        if digit is not None:
            yield str(digit)
        elif kind == "Pd" or character == MINUS:
            yield "-"
        elif kind not in ("Mn", "Cf"):
            yield character
