"""The sentences that text sentiment is measured on."""

import csv
from collections import Counter

from earshot.settings import PROJECT

SENTENCES = PROJECT / "evaluation" / "sentences" / "call_centre_en.tsv"


def rows() -> list[dict[str, str]]:
    with SENTENCES.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def test_labels_are_balanced_and_no_sentence_occurs_twice() -> None:
    found = rows()
    labels = Counter(row["label"] for row in found)
    assert set(labels) == {"negative", "neutral", "positive"}
    assert min(labels.values()) >= 100
    assert len({row["text"].casefold() for row in found}) == len(found) >= 300


def test_each_hard_kind_has_enough_sentences_to_be_measured() -> None:
    kinds = Counter((row["label"], row["kind"]) for row in rows())
    for hard in (
        ("negative", "polite_complaint"),
        ("negative", "negation"),
        ("negative", "thanks_for_nothing"),
        ("negative", "sarcasm"),
        ("neutral", "agent"),
        ("positive", "negation"),
    ):
        assert kinds[hard] >= 8, hard
