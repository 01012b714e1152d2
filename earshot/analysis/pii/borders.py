"""What may be half of a number or an address, where words are cut off: a chunk of a recording knows
nothing of its neighbours."""

from collections.abc import Iterator, Sequence

from earshot.analysis.pii.elements import Element, Form
from earshot.analysis.pii.email import CERTAIN, local_start, looked_up
from earshot.analysis.pii.identifiers import Run
from earshot.analysis.pii.lexicon import Lexicon, addresses
from earshot.analysis.pii.runs import BRIDGED, UNKNOWN

NEAR = 6
"""Words from the border among which half an address is looked for."""
CLOSE = 2
"""Words from the border up to which a single digit counts."""


def touches(run: Run, found: Sequence[Element], *, at_start: bool, at_end: bool) -> bool:
    """True if the number may continue beyond the first or the last word."""
    before, after = found[: run.first], found[run.last + 1 :]
    few = len(run.digits) < 2
    return (at_start and _is_bridge(before, few=few)) or (at_end and _is_bridge(after, few=few))


def _is_bridge(between: Sequence[Element], *, few: bool) -> bool:
    """``few``: only one digit, which is often no number at all ("this one")."""
    if any(each.form is Form.STOP for each in between) or len(between) > (
        CLOSE if few else BRIDGED
    ):
        return False
    unknown = sum(each.form is not Form.BRIDGE for each in between)
    return unknown <= (0 if few else UNKNOWN)


def half_amounts(
    found: Sequence[Element], *, at_start: bool, at_end: bool
) -> Iterator[tuple[int, int]]:
    """First word, and the word after the last, of what looks like an amount, a time or a date and
    may be the rest of a number: of "46 46 57 54" and "55.41"."""
    edges = ((found[: CLOSE + 1], at_start), (found[-CLOSE - 1 :], at_end))
    for near in (near for near, open_ in edges if open_):
        for each in near:
            if each.form is Form.STOP and any(character.isdigit() for character in each.text):
                yield each.start, each.end


def half_addresses(
    words: Sequence[str], lexicon: Lexicon, *, at_start: bool, at_end: bool
) -> Iterator[tuple[int, int]]:
    """First word, and the word after the last, of what may be half an address of e-mail."""
    texts = looked_up(words)
    if at_end:
        for at in range(max(1, len(texts) - NEAR), len(texts)):
            start = local_start(texts, at, 0, lexicon)
            spelled = any(text in lexicon.separators for text in texts[start:at])
            certain = texts[at] in CERTAIN
            if texts[at] in (*lexicon.at, "@") and start < at and (spelled or certain):
                yield start, len(texts)
            elif at >= len(texts) - 2 and texts[at] in lexicon.separators - {"plus"}:
                yield local_start(texts, at, 0, lexicon), len(texts)
    if at_start:
        for at in range(min(NEAR, len(texts) - 1)):
            if texts[at] in lexicon.dot and texts[at + 1] in addresses()["top_levels"]:
                yield 0, at + 2
