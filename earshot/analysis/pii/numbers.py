"""Checks of numbers that have a check digit or a numbering plan."""

from collections.abc import Sequence

from earshot.analysis.pii.lexicon import iban_lengths

CARD_STARTS = ("2", "3", "4", "5", "6")
"""First digits of payment cards (ISO/IEC 7812)."""
LONGEST_CARD = 19
PHONE = 10
"""Digits of a telephone number that needs no other sign of one."""


def is_card(digits: str) -> bool:
    """True for the number of a payment card: 13 to 19 digits, Luhn."""
    if not 13 <= len(digits) <= LONGEST_CARD or not digits.startswith(CARD_STARTS):
        return False
    total = 0
    for place, digit in enumerate(int(each) for each in reversed(digits)):
        total += digit if place % 2 == 0 else digit * 2 - 9 * (digit > 4)
    return total % 10 == 0


def is_iban(text: str) -> bool:
    """True for an IBAN: a country, its length, the remainder of ISO 7064 mod 97-10."""
    upper = text.upper()
    if len(upper) != iban_lengths().get(upper[:2]) or not (upper.isalnum() and upper.isascii()):
        return False
    turned = upper[4:] + upper[:4]
    return upper[2:4].isdigit() and int("".join(str(int(each, 36)) for each in turned)) % 97 == 1


def is_phone(digits: str, regions: Sequence[str]) -> bool:
    """True for a valid telephone number of one of the regions, or with the code of any country
    after its trunk prefix 00."""
    # costs 3 MB, so only processes that search imports it
    from phonenumbers import NumberParseException, is_valid_number, parse

    for region in regions:
        try:
            if is_valid_number(parse(digits, region)):
                return True
        except NumberParseException:
            continue
    return False
