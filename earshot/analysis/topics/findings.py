"""What the analysis of topics finds, and its section of the report."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from earshot.analysis.findings import Classification, Findings, Share
from earshot.analysis.report.parts import Evidence
from earshot.analysis.report.registered import ReportFields
from earshot.analysis.report.sections import Role, Turn
from earshot.analysis.shares import rounded_shares
from earshot.analysis.topics.by_model import ByModel
from earshot.analysis.types import Frozen, Interval


class Mention(Interval):
    """A term of a topic in a turn, from the beginning of its first word to the end of its last."""

    term: str = Field(description="As written in the glossary.")
    text: str = Field(description="The words of the transcript.")
    turn: str = Field(description="Id of the turn.")
    speaker: str = Field(pattern=r"^s\d+$")
    role: Role
    match: Literal["exact", "fuzzy"] = Field(
        description="fuzzy: letters differ, or it is written as more or fewer words."
    )
    score: Share = Field(description="1 minus the share of the term's letters that differ.")


class Topic(Frozen):
    """A topic of the recording."""

    id: str = Field(description="Of the glossary.")
    label: str = Field(description="Its name for people.")
    mentions: tuple[Mention, ...] = Field(min_length=1, description="In order of time.")


class TopicsFindings(Findings):
    """The topics of a transcript, those with most mentions first."""

    glossary: str
    version: str
    """SHA-256 of the glossary's file."""
    topics: tuple[Topic, ...]
    by_model: ByModel | None = None

    def tokens(self) -> int:
        return self.by_model.tokens if self.by_model else 0

    def classification(self) -> Classification | None:
        """Share of the mentions by topic; None without any."""
        if not self.topics:
            return None
        scores = rounded_shares({each.id: len(each.mentions) for each in self.topics})
        label = max(scores, key=scores.__getitem__)
        return Classification(label=label, confidence=scores[label], scores=scores)


class TopicsSection(Frozen):
    """What the recording is about, by a glossary."""

    glossary: str = Field(description="Its name in the settings.")
    version: str = Field(description="SHA-256 of its file.")
    topics: tuple[Topic, ...] = Field(description="Those with most mentions first.")
    by_model: ByModel | None = Field(
        default=None, description="By a language model; null where none was asked."
    )


@dataclass(frozen=True)
class TopicsFields(ReportFields):
    """See the field of the report."""

    topics: TopicsSection | None


def section(evidence: Evidence) -> TopicsFields:
    """None where topics did not answer."""
    for _, found in evidence.found("topics", TopicsFindings):
        if not found.glossary:  # the code alone, as by `earshot evaluate`
            break
        return TopicsFields(
            TopicsSection(
                glossary=found.glossary,
                version=found.version,
                topics=found.topics,
                by_model=found.by_model,
            )
        )
    return TopicsFields(None)


def with_turns(section: TopicsSection, turns: Sequence[Turn]) -> TopicsSection:
    """The section with speakers and roles as these turns have them."""
    by_id = {turn.id: turn for turn in turns}

    def moved(mention: Mention) -> Mention:
        turn = by_id.get(mention.turn)
        where = {"speaker": turn.speaker, "role": turn.role} if turn else {}
        return mention.model_copy(update=where)

    return section.model_copy(
        update={
            "topics": tuple(
                topic.model_copy(update={"mentions": tuple(map(moved, topic.mentions))})
                for topic in section.topics
            )
        }
    )


def spoken_by(topic: Topic) -> Mapping[str, int]:
    """Mentions by role, or by speaker where it has none."""
    return Counter(each.role or each.speaker for each in topic.mentions)
