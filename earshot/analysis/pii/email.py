"""Finds addresses of e-mail, written or spelled out."""

import re
from collections.abc import Iterator, Sequence

from earshot.analysis.pii.lexicon import Lexicon, addresses, plain

DOMAIN_WORDS = 5
"""Words between ``at`` and the dot of the domain."""
LOCAL_WORDS = 3
"""Words before ``at`` that are taken without a separator between them."""
BEFORE_DOMAIN, AFTER_CUE = 3, 12
"""Words that are taken before a domain without ``at``; and those before it among which a cue of an
address is looked for, and all after it taken."""

CERTAIN = frozenset({"@", "arobase", "arobas", "arrobase"})
"""Words of addresses alone."""
AFTER_CERTAIN = 3
"""Words that are taken after one of them, if no domain follows it."""

_EDGES = re.compile(r"^[^\w@]+|[^\w@]+$")
_WRITTEN = re.compile(r"\S+@\S+\.\w{2,}")
_AT = re.compile(r"(?:(?<=\w)[(\[{<]|[(\[{<](?=\w+[)\]}>]\w))(?:at|arobase|arobas|chez|@)[)\]}>]")
_DOT = re.compile(r"(?<=\w)[(\[{<](?:dot|point|\.)[)\]}>](?=\w)")
_SCHEME = re.compile(r"^https?://(?:www\.)?(?=\w)")
_DOMAIN = re.compile(r"^@?[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}$")


def emails(words: Sequence[str], lexicon: Lexicon) -> Iterator[tuple[int, int]]:
    """First word, and the word after the last, of every address."""
    texts, places = in_parts(words)
    for start, end in _emails(texts, lexicon):
        yield places[start], places[end - 1] + 1


def _emails(texts: Sequence[str], lexicon: Lexicon) -> Iterator[tuple[int, int]]:
    last = 0
    for at, text in enumerate(texts):
        if at < last:
            continue
        if _WRITTEN.search(text):
            last = at + 1
            yield at, last
        elif text in lexicon.at or text.startswith("@") or text.endswith("@"):
            end = _domain_end(texts, at, lexicon)
            start = local_start(texts, at, last, lexicon)
            if end is None and text in CERTAIN:
                end = min(len(texts), at + 1 + AFTER_CERTAIN)
            if end is not None and (start < at or (text.endswith("@") and len(text) > 1)):
                last = end
                yield start, end


def domains(words: Sequence[str], lexicon: Lexicon) -> Iterator[tuple[int, int]]:
    """First word, and the word after the last, of what ends in a domain: a recogniser writes "at"
    in many ways ("Jonas Meyer et example.org", "headmaster or dot org", "jonas .meyeratexample
    .org"), or breaks it off after the dot."""
    (texts, places), known = in_parts(words), addresses()
    for at, text in enumerate(texts):
        cues = [i for i in range(max(0, at - AFTER_CUE), at) if texts[i] in lexicon.address_cues]
        if _DOMAIN.match(text) and text.rpartition(".")[2] in known["top_levels"]:
            end = at + 1
        elif text in lexicon.dot and at + 1 < len(texts) and at > 0:
            written = places[at] == places[at + 1]
            top = known["top_levels" if written else "spoken_top_levels"]
            cut_off = written and len(texts[at + 1]) == 1 and cues
            if texts[at + 1] not in top and not cut_off:
                continue
            if written and not cues and words[places[at]][1:].isupper():
                continue  # ".NET" is no domain
            end = at + 2
        else:
            continue
        start = cues[-1] + 1 if cues else max(0, at - BEFORE_DOMAIN)
        yield places[start], places[end - 1] + 1


def in_parts(words: Sequence[str]) -> tuple[list[str], list[int]]:
    """``looked_up``, with the dot that a word begins with as a word of its own, since recognisers
    write "jonas .meyer"; and the index of the word that each is of."""
    texts, places = [], []
    for place, (word, text) in enumerate(zip(words, looked_up(words), strict=True)):
        if word.startswith(".") and text and not text[0].isdigit():
            texts.append("dot")
            places.append(place)
        texts.append(text)
        places.append(place)
    return texts, places


def looked_up(words: Sequence[str]) -> list[str]:
    """The words in the form of the lexicon, without punctuation around them; "(at)" and "[dot]"
    within a word as their signs. An address of the web is a domain: recognisers write
    "https://www.annaatexample.com" for an address of e-mail."""
    signs = (_DOT.sub(".", _AT.sub("@", plain(word))) for word in words)
    return [_SCHEME.sub("", _EDGES.sub("", word)) for word in signs]


def _domain_end(texts: Sequence[str], at: int, lexicon: Lexicon) -> int | None:
    """Index after the domain that begins after ``at``; None if there is none."""
    known = addresses()
    for place in range(at if texts[at] not in (*lexicon.at, "@") else at + 1, len(texts)):
        if place > at + DOMAIN_WORDS:
            return None
        if _DOMAIN.match(texts[place]):
            return _dots(texts, place + 1, lexicon)
        if place > at + 1 and texts[place] in lexicon.dot:
            end = _dots(texts, place, lexicon)
            return end if end > place else None
        if texts[place].lstrip("@") in known["providers"] or (
            place > at + 1 and "".join(texts[at + 1 : place + 1]) in known["providers"]
        ):
            if (
                texts[place + 1 : place + 2]
                and texts[place + 1] in lexicon.separators - lexicon.dot
            ):
                continue
            return _dots(texts, place + 1, lexicon)
    return None


def _dots(texts: Sequence[str], place: int, lexicon: Lexicon) -> int:
    """Index after the top levels that follow, each after a dot, or spelled."""
    known = addresses()["top_levels"]
    while place + 1 < len(texts) and texts[place] in lexicon.dot:
        for length in (1, 2, 3):
            if "".join(texts[place + 1 : place + 1 + length]) in known:
                place += 1 + length
                break
        else:
            inner = place + 2 < len(texts) and texts[place + 2] in lexicon.dot
            if not inner:
                return place
            place += 2
    return place


def local_start(texts: Sequence[str], at: int, least: int, lexicon: Lexicon) -> int:
    """Index of the first word of the part before ``at``."""
    start, plain_words = at, 0
    while start > least:
        text = texts[start - 1]
        if text in lexicon.separators:
            start, plain_words = start - 1, 0
            continue
        if not _is_spelled(text, lexicon):
            named = start == at or texts[start] in lexicon.separators
            if text in lexicon.not_local and not (named and start < at):
                break
            plain_words += 1
            if plain_words > LOCAL_WORDS:
                break
        elif text in lexicon.not_local and not (start == at or _is_spelled(texts[start], lexicon)):
            break
        start -= 1
    while start < at and texts[start] in lexicon.separators:
        start += 1
    return start


def _is_spelled(text: str, lexicon: Lexicon) -> bool:
    numbers = (lexicon.units, lexicon.teens, lexicon.tens, lexicon.repeats)
    return (
        len(text) == 1
        or text.isdigit()
        or text in lexicon.separators
        or any(text in words for words in numbers)
    )
