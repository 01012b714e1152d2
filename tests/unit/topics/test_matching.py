"""Terms are found exactly, then approximately in what is left, with the words they stand in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from earshot.analysis.topics.glossary import Glossary, Topic
from earshot.analysis.topics.matching import Matcher, edits
from earshot.analysis.topics.plain_text import words_of
from tests.unit.topics.labelled import EXACT, GLOSSARY, MISSPELT, NONE, utterances


def matcher(**terms: list[str]) -> Matcher:
    return Matcher(
        Glossary(topics=tuple(Topic(id=k, label=k, terms=tuple(v)) for k, v in terms.items()))
    )


CALL = matcher(
    bill=["bill", "credit card", "card"],
    cancel=["l'abonnement", "cancel my plan"],
    sim=["e-mail", "carte SIM", "5G"],
    street=["Straße", "Œuvre"],
)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("The BILL, please.", [("bill", "BILL,")]),
        ("billing bills rebill", []),
        ("my credit card", [("bill", "credit card")]),
        ("card card", [("bill", "card"), ("bill", "card")]),
        ("cancel my credit card bill", [("bill", "credit card"), ("bill", "bill")]),
        ("l’abonnement L'ABONNEMENT", [("cancel", "l’abonnement"), ("cancel", "L'ABONNEMENT")]),
        ("an E-Mail an e mail", [("sim", "E-Mail"), ("sim", "e mail")]),
        ("Carte-SIM 5g", [("sim", "Carte-SIM"), ("sim", "5g")]),
        ("strasse oeuvre", [("street", "strasse"), ("street", "oeuvre")]),
        ("pre-bill-card", [("bill", "pre-bill-card"), ("bill", "pre-bill-card")]),
        ("", []),
        ("... - !", []),
    ],
)
def test_exact_terms(said: str, found: list[tuple[str, str]]) -> None:
    words = said.split()
    hits = CALL.find(words, fuzzy=False)
    assert [(hit.topic, " ".join(words[hit.first : hit.end])) for hit in hits] == found
    assert all(hit.score == 1 and hit.exact for hit in hits)


def test_marks_of_scripts_without_latin_letters_are_ignored() -> None:
    arabic = matcher(bill=["فاتورة"])
    assert [hit.topic for hit in arabic.find(["فَاتُــورَة"], fuzzy=False)] == ["bill"]


@pytest.mark.parametrize(
    ("said", "quoted", "score"),
    [
        ("a refunt please", "refunt", 0.8333),
        ("a re fund please", "re fund", 1.0),
        ("my creditcart", "creditcart", 0.9),
        ("my credi tcard now", "credi tcard", 1.0),
        ("subscripsion", "subscripsion", 0.9167),
    ],
)
def test_what_is_left_is_matched_approximately(said: str, quoted: str, score: float) -> None:
    words = said.split()
    (hit,) = matcher(a=["refund"], b=["credit card"], c=["subscription"]).find(words)
    assert (" ".join(words[hit.first : hit.end]), hit.score) == (quoted, score)
    assert not hit.exact


def test_short_terms_and_words_of_exact_ones_are_never_approximate() -> None:
    found = matcher(a=["plan"], b=["invoice"], c=["invoices"])
    assert found.find(["the", "plane", "plans", "clan"]) == []
    assert [hit.topic for hit in found.find(["invoice"])] == ["b"]


def test_what_is_as_near_to_two_topics_mentions_neither() -> None:
    assert matcher(a=["tracked"], b=["tricked"]).find(["trocked"]) == []
    assert len(matcher(a=["tracked", "tricked"]).find(["trocked"])) == 1


def test_an_excluded_expression_covers_its_words() -> None:
    topic = Topic(
        id="a", label="a", terms=("contract", "cover"), excluded=("contact", "cover page")
    )
    found = Matcher(Glossary(topics=(topic,)))
    assert found.find(["contact", "me", "about", "the", "cover", "page"]) == []
    assert [hit.term for hit in found.find(["my", "contrat", "has", "a", "cover"])] == [
        "contract",
        "cover",
    ]


def test_no_glossary_finds_nothing() -> None:
    assert Matcher(Glossary()).find(["anything"]) == []


LETTERS = st.text("abcdeé", min_size=1, max_size=9)


@given(
    st.lists(LETTERS, min_size=1, max_size=12, unique_by=lambda each: tuple(words_of(each))),
    LETTERS,
)
def test_the_nearest_term_of_a_word_is_that_of_all_distances(terms: list[str], word: str) -> None:
    """Those that the bits of their letters rule out are none of them."""
    plain = {"".join(words_of(term)): term for term in terms}
    ((said,),) = [words_of(word)]
    near = {
        letters: distance
        for letters in plain
        if (distance := Levenshtein.distance(said, letters)) <= edits(len(letters))
        and edits(len(letters))
    }
    found = matcher(all=terms).find([word])
    if said in plain:
        assert [hit.term for hit in found] == [plain[said]]
    elif near:
        (hit,) = found
        assert hit.score == round(max(1 - d / len(letters) for letters, d in near.items()), 4)
    else:
        assert found == []


def counts(block: str, *, fuzzy: bool) -> tuple[int, int, int]:
    """Topics found, found wrongly, and missed, of every utterance of the block."""
    labelled = Matcher(GLOSSARY)
    right = wrong = missed = 0
    for topics, words in utterances(block):
        found = {hit.topic for hit in labelled.find(words, fuzzy=fuzzy)}
        right += len(found & topics)
        wrong += len(found - topics)
        missed += len(topics - found)
    return right, wrong, missed


def test_precision_and_recall_on_labelled_utterances() -> None:
    """docs/topics.md has these figures."""
    assert counts(EXACT, fuzzy=True) == (36, 0, 0)
    assert counts(MISSPELT, fuzzy=False) == (1, 0, 50)
    assert counts(MISSPELT, fuzzy=True) == (48, 0, 3)
    assert counts(NONE, fuzzy=False) == (0, 1, 0)
    assert counts(NONE, fuzzy=True) == (0, 13, 0)
