"""Joins groups of digits to the numbers that a speaker says in pieces: over fillers, answers of the
listener, repairs and repetitions."""

from collections.abc import Iterator, Sequence

from earshot.analysis.pii.elements import Element, Form
from earshot.analysis.pii.identifiers import Run, kind_of
from earshot.analysis.pii.lexicon import Lexicon, iban_lengths
from earshot.analysis.pii.numbers import is_card, is_iban

BRIDGED = 9
"""Words in a row that may stand between two groups of digits, all known as bridges."""
UNKNOWN = 3
"""Of them, words that are not known as bridges, within a number spelled digit by digit."""
SHORTEST_IBAN = 13
"""Characters after the country."""
SPELLED = 2
"""Digits on the left from which unknown words are bridged."""
DAY = 2
"""Most digits before a month that are its day."""
COUNT, THOUSANDS = 4, 6
"""Most digits before a word that may be a unit that are its amount, in one group and in groups of
thousands."""
AMOUNT, MILLIONS = 6, 9
"""The same before a word that is nothing but a unit."""
DENSE_GROUPS, DENSE_DIGITS = 5, 9
"""Groups of digits, and digits in them, that are a number with any words between them."""


def runs(found: Sequence[Element], lexicon: Lexicon) -> Iterator[Run]:
    """The runs of digits among the elements, in order, without amounts and years."""
    at = 0
    while at < len(found):
        if found[at].form is not Form.DIGITS:
            at += 1
            continue
        last = _last(found, at, lexicon)
        trimmed = _trimmed(found, _leading(found, at), last, lexicon)
        if trimmed is not None:
            first, end = trimmed
            first = _country(found, first, end)
            yield Run(tuple(found[first : end + 1]), first, end)
        at = last + 1


def dense(found: Sequence[Element], lexicon: Lexicon) -> Iterator[tuple[int, int]]:
    """First element, and the element after the last, of what is a number by its many digits with a
    few words between them each: a recogniser writes "49 03 soit exempt 19 soit exempt 37 27"."""
    groups = [
        at
        for at, each in enumerate(found)
        if each.form is Form.DIGITS and not _is_year(found, at, lexicon)
    ]
    chains: list[list[int]] = []
    for at in groups:
        between = found[chains[-1][-1] + 1 : at] if chains else ()
        near = len(between) <= UNKNOWN and all(each.form is not Form.STOP for each in between)
        if chains and near:
            chains[-1].append(at)
        else:
            chains.append([at])
    for chain in chains:
        digits = sum(len(found[at].text) for at in chain)
        if len(chain) >= DENSE_GROUPS and digits >= DENSE_DIGITS:
            yield chain[0], chain[-1] + 1


def _last(found: Sequence[Element], first: int, lexicon: Lexicon) -> int:
    """Index of the last group that belongs to the number beginning at ``first``."""
    last = first
    while True:
        after = _next_group(found, last)
        if after is None or not _bridged(found, first, last, after, lexicon):
            return last
        last = after


def _next_group(found: Sequence[Element], last: int) -> int | None:
    for at in range(last + 1, min(len(found), last + BRIDGED + 2)):
        if found[at].form is Form.DIGITS:
            return at
        if found[at].form is Form.STOP:
            return None
    return None


def _bridged(found: Sequence[Element], first: int, last: int, after: int, lexicon: Lexicon) -> bool:
    between = found[last + 1 : after]
    unknown = [each for each in between if each.form in (Form.WORD, Form.LETTERS)]
    if not unknown:
        return True
    if len(between) == 1 and between[0].text in lexicon.homophones:
        return True
    if all(each.form is Form.LETTERS for each in unknown):
        return True
    left = sum(len(each.text) for each in found[first : last + 1] if each.form is Form.DIGITS)
    right = len(found) > after + 1 and found[after + 1].form is Form.DIGITS
    spelled = len(found[last].text) <= 2 and len(found[after].text) <= 2
    return left >= SPELLED and right and spelled and len(unknown) <= UNKNOWN


def _leading(found: Sequence[Element], first: int) -> int:
    """Index from which letters are spelled that the number begins with, as those of an IBAN."""
    at = first
    while at and found[at - 1].form is Form.LETTERS:
        at -= 1
    several = first - at >= 2 or (at < first and len(found[at].text) > 1)
    return at if several else first


def _country(found: Sequence[Element], first: int, last: int) -> int:
    """Index from which an IBAN of those digits begins, if they are one: its country may be a word
    of its own, or letters that are words elsewhere."""
    rest = "".join(each.text for each in found[first : last + 1] if each.form is not Form.BRIDGE)
    for at in (first - 1, first - 2):
        before = "".join(each.text for each in found[max(0, at) : first])
        if at >= 0 and len(before) == 2 and before.upper() in iban_lengths():
            spelled = at == first - 2 and len(rest) >= SHORTEST_IBAN
            if spelled or is_iban(before + rest):
                return at
    return first


def _trimmed(
    found: Sequence[Element], first: int, last: int, lexicon: Lexicon
) -> tuple[int, int] | None:
    """The run without amounts and years at its ends; None if nothing is left of it."""
    groups = [at for at in range(first, last + 1) if found[at].form is Form.DIGITS]
    run = Run(tuple(found[first : last + 1]), first, last)
    groups = groups[: len(groups) - _counted(run, groups, found, lexicon)]
    card = is_card(run.digits)
    years = [at for at in groups if not card and _is_year(found, at, lexicon)]
    if years == groups:
        return None
    while groups and groups[-1] in years:
        groups.pop()
    while groups and groups[0] in years:
        first = groups.pop(0) + 1
    if not groups:
        return None
    letters = [at for at in range(groups[-1], last + 1) if found[at].form is Form.LETTERS]
    at_end = letters == list(range(groups[-1] + 1, groups[-1] + 1 + len(letters)))
    return min(first, groups[0]), groups[-1] + (len(letters) if letters and at_end else 0)


def _counted(run: Run, groups: Sequence[int], found: Sequence[Element], lexicon: Lexicon) -> int:
    """Number of groups at the end that are an amount of the unit, or the day of the month, after
    them. None are where they are needed for what the number is, as the last digits of a card."""
    unit = found[run.last + 1].text if run.last + 1 < len(found) else ""
    if unit not in lexicon.units_after and unit not in lexicon.months:
        return 0
    sizes = [len(found[at].text) for at in groups]
    if sizes.count(1) >= 4 and sizes[-1] == 1:
        return 0
    count = 1
    while count < len(groups) and _is_thousands(found, groups[: len(groups) - count], run.last):
        count += 1
    ambiguous = unit in lexicon.unit_homonyms
    most = (COUNT, THOUSANDS) if ambiguous else (AMOUNT, MILLIONS)
    most = (DAY, DAY) if unit in lexicon.months else most
    if sum(sizes[-count:]) > most[count > 1]:
        return 0
    alone = count == len(groups)
    kind = kind_of(run, found, lexicon, cued=ambiguous)
    return count if kind is None or (alone and count > 1 and not ambiguous) else 0


def _is_thousands(found: Sequence[Element], groups: Sequence[int], last: int) -> bool:
    """True if what was taken is the rest of an amount such as 1 250 000."""
    at = groups[-1]
    joined = at + 1 <= last and found[at + 1].form is Form.DIGITS and len(found[at + 1].text) == 3
    return joined and not found[at + 1].spoken and len(found[at].text) <= 3


def _is_year(found: Sequence[Element], at: int, lexicon: Lexicon) -> bool:
    """True also for one that follows another one."""
    while len(found[at].text) == 4 and found[at].text.startswith(("19", "20")):
        before = found[at - 1] if at else None
        if before is None or before.form is Form.STOP or before.text in lexicon.before_year:
            return True
        if before.form is not Form.DIGITS:
            return False
        at -= 1
    return False
