"""Sentences of calls with personal data planted in them, in English and French, and sentences with
numbers that are none. Generated from a seed, with wording of its own: nothing here is read from
what finds it."""

import random
import re
from collections.abc import Callable
from typing import NamedTuple


class Planted(NamedTuple):
    """One sentence, or several turns after one another."""

    language: str
    kind: str
    """Empty: nothing is planted."""
    before: str
    value: str
    after: str

    @property
    def words(self) -> list[str]:
        return f"{self.before} {self.value} {self.after}".split()

    @property
    def place(self) -> tuple[int, int]:
        """Indexes of the planted words: the first, and after the last."""
        start = len(self.before.split())
        return start, start + len(self.value.split())


EN_DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
EN_TEENS = [
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
EN_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
FR_DIGITS = ["zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"]
FR_TEENS = [
    "dix",
    "onze",
    "douze",
    "treize",
    "quatorze",
    "quinze",
    "seize",
    "dix-sept",
    "dix-huit",
    "dix-neuf",
]
FR_TENS = ["vingt", "trente", "quarante", "cinquante", "soixante"]
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def en_pair(value: int) -> str:
    if value < 10:
        return EN_DIGITS[value]
    if value < 20:
        return EN_TEENS[value - 10]
    ten, unit = EN_TENS[value // 10 - 2], value % 10
    return f"{ten} {EN_DIGITS[unit]}" if unit else ten


def fr_pair(value: int) -> str:
    if value < 10:
        return FR_DIGITS[value]
    if value < 20:
        return FR_TEENS[value - 10]
    if value >= 80:
        rest = value - 80
        return f"quatre-vingt-{fr_pair(rest)}" if rest else "quatre-vingts"
    if value >= 70:
        return "soixante et onze" if value == 71 else f"soixante-{fr_pair(value - 60)}"
    ten, unit = FR_TENS[value // 10 - 2], value % 10
    if unit == 1:
        return f"{ten} et un"
    return f"{ten}-{FR_DIGITS[unit]}" if unit else ten


def luhn(rng: random.Random, start: str, length: int) -> str:
    body = start + "".join(rng.choice("0123456789") for _ in range(length - len(start) - 1))
    total = 0
    for place, digit in enumerate(map(int, reversed(body))):
        total += sum(divmod(digit * 2, 10)) if place % 2 == 0 else digit
    return body + str(-total % 10)


def iban(rng: random.Random, country: str) -> str:
    digits = {"FR": 23, "DE": 18, "BE": 12}.get(country)
    account = "".join(rng.choice("0123456789") for _ in range(digits or 14))
    if country == "GB":
        account = rng.choice(["NWBK", "BARC", "LOYD"]) + account
    number = int("".join(str(int(c, 36)) for c in account + country + "00"))
    return f"{country}{98 - number % 97:02d}{account}"


def said(rng: random.Random, digits: str, language: str) -> str:
    """Digits as words, one by one, with the ways in which people shorten them."""
    names = EN_DIGITS if language == "en" else FR_DIGITS
    zero = rng.choice(["zero", "oh"]) if language == "en" else "zéro"
    shortens = rng.random() < 0.5
    found, at = [], 0
    while at < len(digits):
        digit = digits[at]
        run = len(digits) - at - len(digits[at:].lstrip(digit))
        name = zero if digit == "0" else names[int(digit)]
        if shortens and run >= 2 and language == "en":
            many = min(run, 3)
            found.append(f"{'double' if many == 2 else 'triple'} {name}")
            at += many
        elif shortens and run >= 3:
            found.append(f"trois fois {'le ' if rng.random() < 0.5 else ''}{name}")
            at += 3
        else:
            found.append(name)
            at += 1
    return " ".join(found)


def in_pairs(digits: str, language: str) -> str:
    pair = en_pair if language == "en" else fr_pair
    parts = [digits[at : at + 2] for at in range(0, len(digits), 2)]
    names = EN_DIGITS if language == "en" else FR_DIGITS
    return " ".join(
        f"{names[0]} {names[int(each[1])]}"
        if each[0] == "0" and len(each) == 2
        else pair(int(each))
        for each in parts
    )


SEPARATORS = [" ", "-", "", "\u2011", "\u2013", " \u2013 ", ","]
LABELS = {"en": ["card:", "no:", "#", "number="], "fr": ["n\u00b0", "l'", "carte:", "num="]}


def grouped(rng: random.Random, digits: str, size: int) -> str:
    parts = [digits[at : at + size] for at in range(0, len(digits), size)]
    return rng.choice(SEPARATORS).join(parts)


def labelled(rng: random.Random, digits: str, language: str) -> str:
    """As one word with what announces it, or with a sign behind it."""
    return rng.choice([*(f"{label}{digits}" for label in LABELS[language]), f"{digits}\u20ac"])


def uneven(rng: random.Random, digits: str, size: int) -> str:
    """In groups with marks of several kinds between them, each pair of groups one word at times."""
    parts = [digits[at : at + size] for at in range(0, len(digits), size)]
    mark = rng.choice([".", ","])
    return " ".join(mark.join(parts[at : at + 2]) for at in range(0, len(parts), 2))


REPAIRS = {
    "en": [
        "{a} no {b} {c}", "{a} sorry {b} {c}", "{a} no wait {b} {c}", "{a} uh {b} {c}",
        "{a} I mean {b} {c}", "{a} yes {b} okay {c}", "{a} mhm {b} right {c}",
        "{a} {b} {c} sorry let me repeat {a} {b} {c}", "{a} go ahead {b} got it {c}",
        "{a} {b} {c} {a} {b} {c}", "{a} could you repeat {a} {b} {c}", "{a} and then {b} then {c}",
    ],
    "fr": [
        "{a} non {b} {c}", "{a} pardon {b} {c}", "{a} euh {b} {c}", "{a} je veux dire {b} {c}",
        "{a} oui {b} d'accord {c}", "{a} {b} {c} pardon je répète {a} {b} {c}",
        "{a} allez-y {b} très bien {c}", "{a} {b} {c} {a} {b} {c}", "{a} non attendez {b} {c}",
        "{a} ensuite {b} et puis {c}", "{a} je vous écoute {b} c'est noté {c}",
    ],
}  # fmt: skip


def repaired(rng: random.Random, digits: str, language: str) -> str:
    one, two = sorted(rng.sample(range(2, len(digits) - 1), 2))
    parts = {
        "a": said(rng, digits[:one], language),
        "b": said(rng, digits[one:two], language),
        "c": said(rng, digits[two:], language),
    }
    return rng.choice(REPAIRS[language]).format(**parts)


def phone(rng: random.Random, language: str) -> str:
    tail = "".join(rng.choice("0123456789") for _ in range(8))
    if language == "fr":
        return rng.choice(["06", "07", "01", "04"]) + tail
    area = rng.choice(["212", "415", "312", "617", "206"])
    return rng.choice([f"07{rng.choice('45789')}{tail}", f"{area}{rng.randint(2, 9)}{tail[:6]}"])


NAMES = {
    "en": ["john", "mary", "susan", "peter", "emma", "oliver", "grace", "harry"],
    "fr": ["jean", "marie", "sophie", "pierre", "camille", "lucas", "chloé", "hugo"],
}
SURNAMES = {
    "en": ["smith", "baker", "wilson", "taylor", "carter", "hughes"],
    "fr": ["dupont", "martin", "durand", "lefebvre", "moreau", "bernard"],
}
DOMAINS = ["example", "gmail", "northwind", "acme", "bluebird", "orchard"]


def email(rng: random.Random, language: str) -> str:
    dot, at = ("dot", "at") if language == "en" else ("point", "arobase")
    dash, under = ("dash", "underscore") if language == "en" else ("tiret", "underscore")
    name, surname = rng.choice(NAMES[language]), rng.choice(SURNAMES[language])
    domain = rng.choice(DOMAINS)
    top = rng.choice(["com", "org", "net"] if language == "en" else ["fr", "com", "net"])
    digits = said(rng, str(rng.randint(10, 99)), language)
    return rng.choice(
        [
            f"{name}.{surname}@{domain}.{top}",
            f"{name} {dot} {surname} {at} {domain} {dot} {top}",
            f"{name} {dash} {surname} {at} {domain} {dot} {top}",
            f"{name} {under} {surname} {at} {domain} {dot} {top}",
            f"{name} {surname} {at} {domain} {dot} {top}",
            f"{name} {digits} {at} {domain} {dot} {top}",
            f"{' '.join(name[:3])} {dot} {surname} {at} {domain} {dot} {top}",
            f"{name} {dot} {surname} {at} {domain} {dash} mail {dot} {top}",
            f"{name}.{surname} {at} {domain}.{top}",
            f"{name}.{surname}(at){domain}.{top}",
            f"{name}[at]{domain}(dot){top}",
        ]
    )


def _card(rng: random.Random, language: str) -> str:
    start, length = rng.choice([("4", 16), ("52", 16), ("37", 15), ("6011", 16), ("4", 19)])
    digits = luhn(rng, start, length)
    ways: list[Callable[[], str]] = [
        lambda: grouped(rng, digits, 4),
        lambda: uneven(rng, digits, 4),
        lambda: labelled(rng, digits, language),
        lambda: said(rng, digits, language),
        lambda: repaired(rng, digits, language),
        lambda: in_pairs(digits, language),
        lambda: digits.translate(ARABIC),
        lambda: " ".join(digits),
    ]
    return rng.choice(ways)()


def _iban(rng: random.Random, language: str) -> str:
    number = iban(rng, rng.choice(["GB", "DE", "FR"] if language == "en" else ["FR", "BE", "DE"]))
    spelled = " ".join(
        " ".join(each) if each.isalpha() else said(rng, each, language)
        for each in [
            number[:2],
            number[2:4],
            *([number[4:8], number[8:]] if number[4].isalpha() else [number[4:]]),
        ]
    )
    return rng.choice([number, grouped(rng, number, 4), spelled, " ".join(number)])


def _phone(rng: random.Random, language: str) -> str:
    digits = phone(rng, language)
    written = [digits, " ".join([digits[:3], digits[3:6], digits[6:]]), f"tel:{digits}"]
    if language == "fr":
        pairs = [digits[at : at + 2] for at in range(0, 10, 2)]
        written += [
            " ".join(pairs),
            ".".join(pairs),
            "-".join(pairs),
            "\u2011".join(pairs),
            uneven(rng, digits, 2),
            f"tel:+33{digits[1:]}",
            f"+33 {digits[1]} {' '.join(pairs[1:])}",
        ]
    elif len(digits) == 10:
        written += [
            f"({digits[:3]}) {digits[3:6]}-{digits[6:]}",
            f"+1 {digits[:3]}-{digits[3:6]}-{digits[6:]}",
        ]
    spoken = [said(rng, digits, language), repaired(rng, digits, language)]
    if language == "fr":
        spoken.append(in_pairs(digits, language))
    return rng.choice([*written, *spoken, *spoken])


def _number(rng: random.Random, language: str) -> str:
    digits = "".join(rng.choice("0123456789") for _ in range(rng.randint(5, 10)))
    return rng.choice(
        [digits, said(rng, digits, language), repaired(rng, digits, language), " ".join(digits)]
    )


FRAMES = {
    ("en", "card"): [
        "so charge | may I have a receipt",
        "that's | am I all set",
        "take | second thing is my refund",
        "sure my card number is | and it expires next year",
        "you can charge | if that works",
        "it's a visa | thanks",
    ],
    ("en", "iban"): [
        "please use | per our agreement",
        "it is | March was the last transfer",
        "the transfer goes to | please",
        "my bank details are | okay",
        "the IBAN is | and the name is Miller",
    ],
    ("en", "phone"): [
        "ring me on | people pick up until six",
        "the mobile is | am I allowed to text",
        "try | box office hours only",
        "you can call me back on | after work",
        "my mobile is | thank you",
        "well the number is | any time",
    ],
    ("en", "email"): [
        "my email is | please",
        "just write to | and I will answer",
        "please send it to | thanks",
    ],
    ("en", "number"): [
        "my account number is | may I go on",
        "my reference is | second time I call",
        "the order number is | street delivery",
        "my account number is | please",
        "the order number, one moment, is | and it never came",
        "for the booking reference I have | here",
    ],
    ("fr", "card"): [
        "prenez la | pour le paiement",
        "c'est la | mai prochain elle expire",
        "débitez la | rue de Lyon c'est chez moi",
        "alors ma carte bancaire c'est le | et elle expire bientôt",
        "vous pouvez débiter la | si ça marche",
        "c'est une visa | merci",
    ],
    ("fr", "iban"): [
        "utilisez | pour le virement",
        "c'est le | mars était le dernier",
        "le virement va sur | s'il vous plaît",
        "mon RIB c'est | d'accord",
        "l'IBAN est | au nom de Martin",
    ],
    ("fr", "phone"): [
        "joignez-moi au | pour confirmer",
        "mon portable est le | clients ou pas",
        "rappelez le | rue de Rennes on capte bien",
        "vous pouvez me rappeler au | après le travail",
        "mon portable c'est le | merci",
        "le numéro c'est | à toute heure",
    ],
    ("fr", "email"): [
        "mon adresse mail est | voilà",
        "écrivez simplement à | et je réponds",
        "envoyez cela sur | merci",
    ],
    ("fr", "number"): [
        "mon numéro de compte est le | pour le dossier",
        "ma référence est | personne ne la trouve",
        "la commande porte le numéro | articles manquants",
        "mon numéro de compte est le | voilà",
        "le numéro de commande, un instant, c'est | et rien n'est arrivé",
        "pour la réservation j'ai la référence | ici",
    ],
}
VALUES = {"card": _card, "iban": _iban, "phone": _phone, "email": email, "number": _number}


NONE = {  # <2-9>: a number between them; <w2-9>: as words
    "en": [
        "that comes to <w11-99> dollars and <w10-99> cents",
        "the total was $<1-9>,<100-999>.<10-99> for <2-40> items",
        "we turned over <1-9>,<100-999>,<100-999> dollars in <2001-2025>",
        "it was delivered on <1-28>/<1-12>/<2015-2026> at <1-12>:<10-59>",
        "it arrived on the <4-20>th of March <2015-2026> around <1-12> pm",
        "I ordered <2-30> boxes of <2-30> bottles and <2-30> bags",
        "my account was opened in <1970-2024> and closed in <1990-2025>",
        "I have ordered <w2-19> times since nineteen <w70-99>",
        "it takes <w2-9> to <w10-19> days and costs <w20-99> pounds",
        "we are <2-9> people, <2-9> adults and <2-9> children",
        "about <w2-99> thousand <w2-9> hundred customers called between <1-6> and <7-12>",
        "the discount is <5-50> percent on order values above <100-999> euros",
        "sizes <10-20>, <21-30> and <31-40> are out of stock until <2024-2026>",
        "please look at the dot on the map at noon, there are <w2-9>",
        "version <1-9>.<1-9>.<1-9> costs <10-99>.<10-99> a month",
        "from <1990-1999> to <2000-2024> I lived at number <1-99> and then at <1-99>",
        "<w2-12> thirty in the morning or half past <w2-12>, one of the two",
        "the invoice of <1-28> May says <100-999> dollars for <2-12> months",
    ],
    "fr": [
        "cela fait <w11-99> euros et <w10-99> centimes",
        "le total était de <1-9> <100-999> euros pour <2-40> articles",
        "nous avons fait <1-9> <100-999> <100-999> euros en <2001-2025>",
        "c'est arrivé le <1-28>/<1-12>/<2015-2026> à <1-12>h<10-59>",
        "le <2-28> mars <2015-2026> vers <2-12> heures",
        "j'ai commandé <2-30> cartons de <2-30> bouteilles et <2-30> sacs",
        "mon compte est ouvert depuis <1970-2024> et fermé en <1990-2025>",
        "j'ai commandé <w2-19> fois depuis mille neuf cent <w70-99>",
        "il faut <w2-9> à <w10-19> jours et ça coûte <w20-99> euros",
        "nous sommes <2-9>, <2-9> adultes et <2-9> enfants",
        "environ <w2-99> mille <w2-9> cents clients ont appelé entre <1-6> et <7-12> heures",
        "la remise est de <5-50> pour cent au-dessus de <100-999> euros de commande",
        "les tailles <10-20>, <21-30> et <31-40> manquent jusqu'en <2024-2026>",
        "c'est le point important chez nous, il y en a <w2-9>",
        "la version <1-9>.<1-9>.<1-9> coûte <10-99>,<10-99> par mois",
        "j'habitais au numéro <1-99> et puis au <1-99> de la rue",
        "à <w2-12> heures trente ou <w2-12> heures et quart, un des deux",
        "la facture du <1-28> mai dit <100-999> euros pour <2-12> mois",
    ],
}  # fmt: skip


def _filled(rng: random.Random, text: str, language: str) -> str:
    pair = en_pair if language == "en" else fr_pair

    def value(place: re.Match[str]) -> str:
        chosen = rng.randint(int(place[2]), int(place[3]))
        return pair(chosen) if place[1] else str(chosen)

    return re.sub(r"<(w?)(\d+)-(\d+)>", value, text)


def planted(seed: int, number: int) -> list[Planted]:
    """That many sentences with one planted value each, kinds and languages in turn."""
    rng = random.Random(seed)
    found = []
    for index in range(number):
        language, kind = ("en", "fr")[index % 2], list(VALUES)[index // 2 % len(VALUES)]
        before, after = rng.choice(FRAMES[language, kind]).split("|")
        found.append(
            Planted(language, kind, before.strip(), VALUES[kind](rng, language), after.strip())
        )
    return found


def ordinary(seed: int, number: int) -> list[Planted]:
    """That many sentences with numbers that are no personal data."""
    rng = random.Random(seed)
    found = []
    for index in range(number):
        language = ("en", "fr")[index % 2]
        found.append(
            Planted(language, "", _filled(rng, rng.choice(NONE[language]), language), "", "")
        )
    return found
