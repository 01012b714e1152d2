"""What a client reads about a mistake in a rule that it tries."""

from typing import Any

import pytest
from pydantic import ValidationError

from earshot.analysis.rules.rule import mistakes
from gateway.rules.models import DryRun

WORDS: dict[str, Any] = {"words": ["cancel"]}


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"when": {"regex": "(a"}}, "rule.when.regex: is no regular expression of RE2: missing"),
        ({"when": {**WORDS, "rol": "x"}}, "rule.when.words.rol: Extra inputs"),
        ({"when": {"wrds": ["a"]}}, "rule.when: a condition has exactly one of the fields"),
        ({"when": WORDS, "actve": True}, "rule.actve: Extra inputs"),
        ({"when": WORDS, "name": "Bad name"}, "rule.name: String should match"),
        ({}, "rule.when: Field required"),
    ],
)
def test_a_mistake_is_answered_once_with_its_place(rule: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        DryRun.model_validate({"rule": rule})
    assert refused.value.error_count() == 1
    assert mistakes(refused.value).startswith(said)


@pytest.mark.parametrize("name", [{}, {"name": "cancellation"}])
def test_a_rule_is_tried_with_and_without_a_name(name: dict[str, str]) -> None:
    assert DryRun.model_validate({"rule": {"when": WORDS, **name}}).rule is not None
