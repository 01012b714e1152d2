"""Judges the language of every voice over its whole recording, from what the jobs found.

A job holds some chunks of a recording, and half a second at its end may be all that it has of a
voice. Its judgement is replaced by the one that all stretches of the voice give together: words are
restored, or left out after all.
"""

from collections import defaultdict
from collections.abc import Sequence

from pydantic import TypeAdapter

from earshot.analysis.findings import AsrFindings, Spoken, SuppressedText, Word
from earshot.analysis.outcome import LANGUAGE_UNSUPPORTED, Failed, Outcome, Succeeded
from earshot.analysis.words.foreign import FOREIGN, other_language
from earshot.analysis.words.language_names import name
from earshot.analysis.words.spelling import joined

NAMED_FROM = 0.3
"""Probability from which a language is named."""
STRETCHES = TypeAdapter(tuple[Spoken, ...])
"""What voices are judged by: words are read only where a voice is in doubt."""


def left_out(words: Sequence[Word]) -> list[SuppressedText]:
    """Words of one stretch in another language, as one text."""
    return [
        SuppressedText(
            text=joined(word.text for word in words),
            reason=LANGUAGE_UNSUPPORTED,
            words=tuple(words),
            channel=words[0].channel,
            start_ms=words[0].start_ms,
            end_ms=max(word.end_ms for word in words),
        )
        for _ in words[:1]
    ]


def refused(
    findings: AsrFindings, release: str, share: float, spoken: Sequence[Spoken] = ()
) -> Failed:
    """The outcome of a chunk of which no word is left.

    Args:
        share: probability of another language.
        spoken: the stretches in it.
    """
    found = likeliest(spoken)
    by = findings.routed_to or release
    which = (
        f", most likely {name(found[0])} ({found[0]}, {found[1]:.0%});"
        f" route {found[0]} to a release that supports it"
        if found and found[1] >= NAMED_FROM
        else ", which it does not tell; name it, or route und to a release that detects it"
    )
    return Failed(
        code=LANGUAGE_UNSUPPORTED,
        detail=f"{by} supports {findings.language}, and the speech is in another language"
        f" ({share:.0%}){which} (EARSHOT_ASR_ROUTES)",
        findings=findings.model_dump(mode="json"),
    )


def likeliest(spoken: Sequence[Spoken]) -> tuple[str, float] | None:
    """The language of most of the speech, and its mean probability over what was detected; None if
    no detector was asked."""
    shares: dict[str, float] = defaultdict(float)
    whole = 0
    for each in spoken:
        if each.language is not None and each.language_share is not None:
            length = each.end_ms - each.start_ms
            shares[each.language] += length * each.language_share
            whole += length
    if not shares:
        return None
    language = max(shares, key=lambda key: (shares[key], key))
    return language, shares[language] / whole


def settled(answers: Sequence[tuple[str, Outcome]]) -> list[Outcome]:
    """The outcomes of speech recognition on the chunks of one recording, each with its release,
    once the language of every voice is judged over all of them.

    Raises:
        pydantic.ValidationError: an outcome does not hold the findings of speech recognition.
    """
    voices: dict[tuple[str, int], list[tuple[int, Spoken]]] = defaultdict(list)
    for place, (release, outcome) in enumerate(answers):
        if isinstance(outcome, Succeeded | Failed) and outcome.findings is not None:
            for each in STRETCHES.validate_python(outcome.findings.get("spoken", ())):
                voices[release, each.channel].append((place, each))
    judged: dict[int, list[tuple[Spoken, float]]] = defaultdict(list)
    for voice in voices.values():
        if all(each.other_language is None for _, each in voice):
            continue
        voice.sort(key=lambda item: (item[1].start_ms, item[0]))
        shares = other_language([each.other_language for _, each in voice])
        for (place, each), share in zip(voice, shares, strict=True):
            judged[place].append((each, share))
    abroad = [each for own in judged.values() for each, share in own if share > FOREIGN]
    return [
        _outcome(release, outcome, judged[place], abroad) if place in judged else outcome
        for place, (release, outcome) in enumerate(answers)
    ]


def _outcome(
    release: str,
    outcome: Outcome,
    judged: Sequence[tuple[Spoken, float]],
    abroad: Sequence[Spoken],
) -> Outcome:
    """``abroad``: the recording's stretches in another language; they name that of a chunk in which
    none was detected."""
    assert isinstance(outcome, Succeeded | Failed)
    findings = AsrFindings.model_validate(outcome.findings)
    foreign = [each for each, share in judged if share > FOREIGN]
    withheld = [each for each in findings.suppressed_text if each.reason == LANGUAGE_UNSUPPORTED]
    if not foreign and not withheld and isinstance(outcome, Succeeded):
        return outcome
    words = sorted(
        [*findings.words, *(word for each in withheld for word in each.words)],
        key=lambda word: (word.channel, word.start_ms),
    )
    places = [_place(word, judged) for word in words]
    abroad_at = {place for place, (_, share) in enumerate(judged) if share > FOREIGN}
    kept = [word for word, at in zip(words, places, strict=True) if at not in abroad_at]
    texts = [each for each in findings.suppressed_text if each.reason != LANGUAGE_UNSUPPORTED]
    for place in sorted(abroad_at):
        texts += left_out([word for word, at in zip(words, places, strict=True) if at == place])
    now = findings.model_copy(update={"words": tuple(kept), "suppressed_text": tuple(texts)})
    if foreign and not kept:
        _, share = max(
            (item for item in judged if item[1] > FOREIGN),
            key=lambda item: item[0].end_ms - item[0].start_ms,
        )
        detected = [each for each in foreign if each.language] or abroad
        return refused(now, release, share, detected)
    return Succeeded(findings=now.model_dump(mode="json"), classification=now.classification())


def _place(word: Word, judged: Sequence[tuple[Spoken, float]]) -> int | None:
    """Position of the stretch that a word is of: the first that holds all of it, since neighbours
    may share a border."""
    for place, (stretch, _) in enumerate(judged):
        inside = stretch.start_ms <= word.start_ms and word.end_ms <= stretch.end_ms
        if inside and word.channel == stretch.channel:
            return place
    return None
