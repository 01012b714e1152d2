"""Words a second in which the terms of a glossary are found, beside one regular expression of all
terms on the same text: ``python -m trials.bench.topic_terms``.

Text and terms are made of the same words, common ones said often; every third turn holds a term.
CPU seconds of this process; the parts take turns, and the best of each counts.
"""

import random
import re
import time
from collections.abc import Callable, Sequence

from earshot.analysis.topics.glossary import Glossary, Topic
from earshot.analysis.topics.matching import Matcher

STARTS, ENDS = "b c d f g l m n p r s t v br cl pr st tr", "a e i o u al an en er in on un tion"
TERMS, WORDS, TURNS, ROUNDS = 5_000, 12_000, 1_000, 3


def main() -> None:
    """Prints a line for each way."""
    chance = random.Random(4)
    syllables = [start + end for start in STARTS.split() for end in ENDS.split()]
    vocabulary = sorted(
        {"".join(chance.choices(syllables, k=chance.randint(2, 4))) for _ in range(WORDS)}
    )
    chance.shuffle(vocabulary)
    terms = set[str]()
    while len(terms) < TERMS:
        terms.add(" ".join(chance.choices(vocabulary, k=chance.choice((1, 1, 2, 2, 3)))))
    turns = _turns(chance, vocabulary, sorted(terms))
    topics = tuple(
        Topic(id=str(i), label=str(i), terms=(term,)) for i, term in enumerate(sorted(terms))
    )
    longest_first = sorted(terms, key=len, reverse=True)
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b")
    ways: dict[str, Callable[[Matcher, Sequence[str]], int]] = {
        "exact": lambda matcher, turn: len(matcher.find(turn, fuzzy=False)),
        "exact and approximate": lambda matcher, turn: len(matcher.find(turn)),
        "regular expression, exact": lambda _, turn: len(pattern.findall(" ".join(turn))),
    }
    best, found = dict.fromkeys(ways, float("inf")), dict.fromkeys(ways, 0)
    for _ in range(ROUNDS):
        began = time.process_time()
        matcher = Matcher(Glossary(topics=topics))  # anew: it remembers near words
        prepared = time.process_time() - began
        for name, way in ways.items():
            began = time.process_time()
            found[name] = sum(way(matcher, turn) for turn in turns)
            best[name] = min(best[name], time.process_time() - began)
    print(f"preparing {TERMS} terms: {prepared:.2f} s")
    words = sum(map(len, turns))
    for name, seconds in best.items():
        print(f"{name}: {words / seconds:,.0f} words/s, {found[name]} found in {words} words")


def _turns(
    chance: random.Random, vocabulary: Sequence[str], terms: Sequence[str]
) -> list[list[str]]:
    often = [1 / rank for rank in range(1, len(vocabulary) + 1)]
    turns = []
    for number in range(TURNS):
        turn = chance.choices(vocabulary, often, k=chance.randint(3, 40))
        turns.append(turn[:3] + chance.choice(terms).split() * (number % 3 == 0) + turn[3:])
    return turns


if __name__ == "__main__":
    main()
