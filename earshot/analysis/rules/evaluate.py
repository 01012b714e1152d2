"""Evaluates rules over a report: a pure function of both."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from earshot.analysis.report.categories import Category, Hit
from earshot.analysis.rules.conditions import (
    AllOf,
    AnyOf,
    Emotion,
    Figure,
    HoldMusic,
    Interruptions,
    Not,
    Overtalk,
    Regex,
    Sentiment,
    Silence,
    Sound,
    Topic,
    Words,
    kind_of,
    parts,
    walk,
)
from earshot.analysis.rules.facts import Facts
from earshot.analysis.rules.folding import can_be_in, folded, phrase
from earshot.analysis.rules.measured import about, figured, labelled, sounding, stretched
from earshot.analysis.rules.patterns import compiled
from earshot.analysis.rules.rule import Rule
from earshot.analysis.rules.spoken import spoken, touched
from earshot.analysis.rules.verdict import Verdict, every, negated, some
from earshot.analysis.rules.within import Within
from earshot.analysis.types import Frozen

LEAVES: dict[type[Frozen], Callable[[Any, Facts, str], Verdict]] = {
    Words: spoken,
    Regex: spoken,
    Emotion: labelled,
    Sentiment: labelled,
    Sound: sounding,
    Topic: about,
    Silence: stretched,
    HoldMusic: stretched,
    Overtalk: stretched,
    Interruptions: stretched,
    Figure: figured,
}


class Versioned(NamedTuple):
    """A stored rule."""

    id: UUID
    version: int
    rule: Rule


def categories(rules: Iterable[Versioned], facts: Facts) -> Iterator[Category]:
    """The rules that match, each with its places."""
    for each in rules:
        found = category(each, evaluate(each.rule, facts))
        if found is not None:
            yield found


def category(stored: Versioned, verdict: Verdict) -> Category | None:
    """What a report says of a rule that matches; None for another verdict."""
    if not verdict.holds:
        return None
    return Category(
        name=stored.rule.name,
        rule=stored.id,
        version=stored.version,
        start_ms=min(hit.start_ms for hit in verdict.hits),
        end_ms=max(hit.end_ms for hit in verdict.hits),
        hits=verdict.hits,
        hits_total=verdict.total,
    )


def evaluate(rule: Rule, facts: Facts) -> Verdict:
    """What is known of the rule's condition."""
    return _holds(rule.when, facts, "")


def possible(condition: Frozen, texts: Sequence[str]) -> bool:
    """Whether a condition can hold in a call whose turns have these texts, regardless of the rest
    of its report."""
    match condition:
        case AllOf():
            return all(possible(each, texts) for each in condition.all)
        case AnyOf():
            return any(possible(each, texts) for each in condition.any)
        case Words():
            return any(
                can_be_in(text, wanted) and wanted in folded(text)
                for wanted in map(phrase, condition.words)
                for text in texts
            )
        case Regex():
            expression = compiled(condition.regex, condition.case_sensitive)
            return any(expression.search(text) for text in texts)
    return True


def read_words(rule: Rule, facts: Facts) -> set[str]:
    """Ids of the turns whose words, beside their text, decide on the rule."""
    return {
        turn
        for each, _ in walk(rule.when)
        if isinstance(each, Words | Regex)
        for turn in touched(each, facts)
    }


def _holds(condition: Frozen, facts: Facts, path: str) -> Verdict:
    match condition:
        case AllOf():
            return every(_inner(condition, facts, f"{path}all."))
        case AnyOf():
            return some(_inner(condition, facts, f"{path}any."))
        case Not():
            inner = condition.not_
            return negated(_holds(inner, facts, f"{path}not."), _absent(inner, facts, path))
    return LEAVES[type(condition)](condition, facts, f"{path}{kind_of(condition)}")


def _inner(condition: Frozen, facts: Facts, path: str) -> Iterator[Verdict]:
    for number, each in enumerate(parts(condition)):
        yield _holds(each, facts, f"{path}{number}.")


def _absent(condition: Frozen, facts: Facts, path: str) -> Hit:
    """The part of the recording in which a condition does not hold."""
    within = getattr(condition, "within", None)
    start, end = facts.part(within if isinstance(within, Within) else None)
    return Hit(
        condition=f"{path}not",
        kind="not",
        role=getattr(condition, "role", None),
        start_ms=start,
        end_ms=end,
        value={"absent": kind_of(condition)},
    )
