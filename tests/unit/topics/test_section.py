"""Topics in the findings, the event, the report, its corrections, the terminal and the table."""

import pytest

from cli.terminal.console import show
from cli.terminal.show import rendered
from earshot.analysis.report.report import build_report
from earshot.analysis.report.sections import SpokenWord, Turn
from earshot.analysis.topics.by_model import ByModel, ModelTopic
from earshot.analysis.topics.findings import TopicsFindings, spoken_by, with_turns
from earshot.analysis.topics.matching import Matcher
from earshot.analysis.topics.mentions import ranked
from earshot.analysis.types import TRANSCRIPT
from earshot.exports.table import row
from tests.sounds.call_parts import ALL, part, parts, recording
from tests.unit.topics.labelled import GLOSSARY


def turn(number: int, text: str, speaker: int = 0, role: str | None = "agent") -> Turn:
    """Words of 100 ms each, from ``number`` seconds on."""
    begin = number * 1000
    words = tuple(
        SpokenWord(text=word, start_ms=begin + 100 * i, end_ms=begin + 100 * i + 90, confidence=0.9)
        for i, word in enumerate(text.split())
    )
    return Turn(
        id=f"t{number}", speaker=f"s{speaker}", role=role, text=text, transcribed=True,
        words=words, confidence=0.9, emotion=None, sentiment=None, channel=speaker,
        start_ms=begin, end_ms=begin + 950,
    )  # fmt: skip


TURNS = (
    turn(0, "good morning"),
    turn(1, "I want a refund for my bill", 1, "customer"),
    turn(2, "the bill, of course", 0, "agent"),
    turn(3, "and the direct debbit", 1, "customer"),
)


def findings() -> TopicsFindings:
    return TopicsFindings(
        glossary="b2c", version="ab" * 32, topics=ranked(TURNS, Matcher(GLOSSARY))
    )


def test_topics_are_ranked_with_their_evidence() -> None:
    billing, refund = findings().topics
    assert (billing.id, refund.id) == ("billing", "refund")
    last = billing.mentions[-1]
    assert [each.turn for each in billing.mentions] == ["t1", "t2", "t3"]
    assert (last.term, last.text, last.match, last.speaker, last.role) == (
        "direct debit",
        "direct debbit",
        "fuzzy",
        "s1",
        "customer",
    )
    assert (last.start_ms, last.end_ms) == (3200, 3390)
    assert spoken_by(billing) == {"customer": 2, "agent": 1}


def test_the_event_has_the_shares_of_the_mentions() -> None:
    answer = findings().classification()
    assert answer is not None
    assert (answer.label, answer.confidence) == ("billing", 0.75)
    assert answer.scores == {"billing": 0.75, "refund": 0.25}
    assert TopicsFindings(glossary="b2c", version="", topics=()).classification() is None


def test_the_report_has_them_and_follows_corrected_turns(
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = recording(analyses=(*ALL, "topics"))
    report = build_report(asked, [*parts(), part("topics", TRANSCRIPT, findings())])
    assert report.topics is not None
    assert report.topics.topics == findings().topics
    assert row(report)["topics"] == "billing; refund"
    show(rendered(report))
    shown = capsys.readouterr().out
    assert "3 mentions" in shown
    assert '"direct debbit" (for direct debit)' not in shown, "two mentions are shown"
    assert '0:01 "bill", 0:02 "bill,"' in shown
    other = [each.model_copy(update={"speaker": "s5", "role": None}) for each in TURNS]
    moved = with_turns(report.topics, other).topics[0].mentions[0]
    assert (moved.speaker, moved.role, moved.text) == ("s5", None, "bill")
    assert build_report(recording(), parts()).topics is None


def test_what_the_model_says_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    good = ByModel(
        status="classified", model="m-1", topics=(ModelTopic(id="a", label="Offers"),),
        summary="Une offre.", summary_language="fr", issues=("price",), actions=("call back",),
    )  # fmt: skip
    bad = ByModel(status="not_classified", reason="throttled", detail="too many", model="m-1")
    for each in (good, bad):
        found = findings().model_copy(update={"by_model": each})
        report = build_report(
            recording(analyses=(*ALL, "topics")),
            [*parts(), part("topics", TRANSCRIPT, found)],
        )
        assert report.topics is not None
        assert report.topics.by_model == each
        show(rendered(report))
    shown = capsys.readouterr().out
    for line in ("Offers, by m-1", "Une offre.", "issues: price", "actions: call back"):
        assert line in shown
    assert "not classified by m-1: throttled: too many" in shown
