"""The mentions of a glossary's topics in turns."""

from collections.abc import Iterable

from earshot.analysis.report.sections import Turn
from earshot.analysis.topics.findings import Mention, Topic
from earshot.analysis.topics.matching import Matcher


def mentions_in(turn: Turn, matcher: Matcher) -> Iterable[tuple[str, Mention]]:
    """The terms in a turn, each with the id of its topic."""
    for hit in matcher.find([word.text for word in turn.words]):
        spoken = turn.words[hit.first : hit.end]
        yield (
            hit.topic,
            Mention(
                start_ms=spoken[0].start_ms,
                end_ms=max(word.end_ms for word in spoken),
                term=hit.term,
                text=" ".join(word.text for word in spoken),
                turn=turn.id,
                speaker=turn.speaker,
                role=turn.role,
                match="exact" if hit.exact else "fuzzy",
                score=hit.score,
            ),
        )


def ranked(turns: Iterable[Turn], matcher: Matcher) -> tuple[Topic, ...]:
    """The topics of turns, those with most mentions first, of equals the one mentioned first."""
    found: dict[str, list[Mention]] = {}
    for turn in turns:
        for topic, mention in mentions_in(turn, matcher):
            found.setdefault(topic, []).append(mention)
    by_count = sorted(found, key=lambda topic: -len(found[topic]))
    return tuple(
        Topic(
            id=topic,
            label=matcher.labels[topic],
            mentions=tuple(sorted(found[topic], key=lambda each: (each.start_ms, each.end_ms))),
        )
        for topic in by_count
    )
