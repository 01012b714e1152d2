"""Asks a language model about a transcript, within the tokens that the job may use."""

import json
from functools import lru_cache

from earshot.analysis.emotion.prompt import emotion_prompt
from earshot.analysis.report.sections import Transcript
from earshot.analysis.topics.by_model import (
    ByModel,
    ModelTopic,
    Nonsense,
    Said,
    Wanted,
    accepted,
    again,
    estimate,
    system,
    tool,
)
from earshot.analysis.topics.glossary import Glossary
from earshot.analysis.topics.redaction import spoken_text
from earshot.net.bedrock import Address, Bedrock, NotAsked
from earshot.settings import Settings, settings

TRIES = 2
"""Answers that are read: the first, and one more if that is not accepted."""


def ask(transcript: Transcript, language: str, glossary: Glossary, most_tokens: int) -> ByModel:
    """What the model of the settings says; never raises for what the model or its service does.

    Args:
        language: BCP 47 of the recording, whose words for numbers are searched for, too.
        most_tokens: of all requests and answers.
    """
    config, spent = settings(), _Spent(most_tokens)
    wanted = wanted_of(config)
    text = spoken_text(transcript.turns, _languages(transcript.language, language))
    if not config.bedrock_model:
        return _not(config, spent, "refused", "EARSHOT_BEDROCK_MODEL names no model here")
    try:
        said = _said(config, transcript, text, glossary, wanted, spent)
    except (NotAsked, _Dear) as error:
        return _not(config, spent, error.code, str(error))
    except Nonsense as error:
        return _not(config, spent, error.reason, str(error))
    labels = {topic.id: topic.label for topic in glossary.topics}
    return ByModel(
        status="classified",
        model=config.bedrock_model,
        topics=tuple(ModelTopic(id=each, label=labels[each]) for each in said.topics),
        summary=said.summary if wanted.summary_language else None,
        summary_language=wanted.summary_language,
        issues=said.issues if wanted.outcome else (),
        actions=said.actions if wanted.outcome else (),
        tokens=spent.tokens,
    )


def wanted_of(config: Settings) -> Wanted:
    """What the settings ask for besides the topics."""
    return Wanted(summary_language=config.summary_language, outcome=config.bedrock_outcome)


class _Dear(NotAsked):
    """The next request might use more tokens than are left. Code: ``cost_cap``."""


class _Spent:
    """Tokens that were used, and the limit."""

    def __init__(self, most: int) -> None:
        self.most, self.tokens = most, 0

    def check(self, expected: int) -> None:
        if self.tokens + expected > self.most:
            raise _Dear(
                "cost_cap",
                f"the next request may take {expected} tokens, {self.most - self.tokens} are left"
                " for this recording and day",
            )


def _said(
    config: Settings,
    transcript: Transcript,
    text: str,
    glossary: Glossary,
    wanted: Wanted,
    spent: _Spent,
) -> Said:
    prompt, function = system(glossary, emotion_prompt(transcript)), tool(glossary, wanted)
    messages = [{"role": "user", "content": [{"text": text}]}]
    refused: Nonsense | None = None
    for _ in range(TRIES):
        sent = (prompt, json.dumps(function), json.dumps(messages, ensure_ascii=False))
        expected = estimate(*sent) + config.bedrock_answer_tokens
        try:
            spent.check(expected)
        except _Dear:
            if refused:
                raise refused from None
            raise
        try:
            answer = _client(_address(config)).converse(
                config.bedrock_model, prompt, messages, function, config.bedrock_answer_tokens
            )
        except NotAsked as error:
            if error.code == "timeout":  # it may have been answered, and is paid then
                spent.tokens += expected
            if refused:
                raise refused from error
            raise
        spent.tokens += answer.tokens or expected
        try:
            return accepted(answer.input, glossary, wanted)
        except Nonsense as error:
            refused = error
            messages += again(answer.message, str(error))
    assert refused is not None
    raise refused


def _languages(*named: str | None) -> list[str]:
    return list(dict.fromkeys(each for each in named if each))


def _address(config: Settings) -> Address:
    return Address(
        region=config.bedrock_region,
        endpoint_url=config.bedrock_endpoint_url,
        timeout_sec=config.bedrock_timeout_sec,
        attempts=config.bedrock_attempts,
    )


@lru_cache(2)
def _client(address: Address) -> Bedrock:
    return Bedrock(address)


def _not(config: Settings, spent: _Spent, reason: str, detail: str) -> ByModel:
    return ByModel(
        status="not_classified",
        reason=reason,
        detail=detail,
        model=config.bedrock_model,
        tokens=spent.tokens,
    )
