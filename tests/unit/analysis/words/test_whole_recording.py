"""The language of a voice is judged over its recording, whatever its jobs judged."""

from collections.abc import Sequence

from earshot.analysis.findings import AsrFindings, Spoken, Word
from earshot.analysis.outcome import LANGUAGE_UNSUPPORTED, Failed, Outcome, Skipped, Succeeded
from earshot.analysis.words.whole_recording import left_out, refused, settled

RELEASE = "asr-of-english-1"


def word(second: int, channel: int = 0) -> Word:
    return Word(
        text=f"w{second}",
        confidence=0.9,
        channel=channel,
        start_ms=second * 1000 + 100,
        end_ms=second * 1000 + 300,
    )


def chunk(
    second: int, *odds: float | None, foreign: Sequence[int] = (), channel: int = 0
) -> Outcome:
    """A word and a stretch a second from ``second`` on; the job took those at ``foreign`` for
    another language."""
    times = range(second, second + len(odds))
    words = [word(each, channel) for each in times]
    findings = AsrFindings(
        language="en",
        words=tuple(each for place, each in enumerate(words) if place not in foreign),
        suppressed_text=tuple(
            text for place in foreign for text in left_out(words[place : place + 1])
        ),
        spoken=tuple(
            Spoken(
                channel=channel, start_ms=each * 1000, end_ms=each * 1000 + 900, other_language=odd
            )
            for each, odd in zip(times, odds, strict=True)
        ),
    )
    if not findings.words:
        return refused(findings, RELEASE, 0.9)
    return Succeeded(findings=findings.model_dump(mode="json"))


def over(*outcomes: Outcome) -> list[Outcome]:
    return settled([(RELEASE, outcome) for outcome in outcomes])


def texts(outcome: Outcome) -> tuple[list[str], list[str]]:
    """Words, and words left out."""
    assert isinstance(outcome, Succeeded | Failed)
    found = AsrFindings.model_validate(outcome.findings)
    return (
        [each.text for each in found.words],
        [each.text for text in found.suppressed_text for each in text.words],
    )


def test_a_short_chunk_follows_its_recording() -> None:
    """Its job held nothing else of the voice, so it was refused."""
    first, second, third = over(
        chunk(0, -5.0, -5.0), chunk(10, 2.5, foreign=[0]), chunk(20, -5.0, -4.0)
    )
    assert isinstance(second, Succeeded)
    assert texts(second) == (["w10"], [])
    assert texts(first) == (["w0", "w1"], [])
    assert texts(third) == (["w20", "w21"], [])


def test_a_chunk_that_was_believed_is_refused_where_the_rest_is_foreign() -> None:
    first, second = over(chunk(0, 0.5), chunk(10, 5.0, 5.0, foreign=[0, 1]))
    assert isinstance(first, Failed)
    assert isinstance(second, Failed)
    assert first.code == LANGUAGE_UNSUPPORTED
    assert first.detail.startswith(f"{RELEASE} supports en, and the speech is in another language")
    assert texts(first) == ([], ["w0"])


def test_the_language_is_the_one_that_most_of_the_recording_is_detected_as() -> None:
    """A chunk in which none was detected has that of the others."""
    near, far, unasked = chunk(0, 5.0, 5.0, foreign=[0, 1]), chunk(10, 5.0), chunk(20, None)
    parts = [_detected(near, "de", "nl"), _detected(far, "de"), unasked]
    details = [each.detail for each in over(*parts) if isinstance(each, Failed)]
    assert [each.partition(", most likely ")[2] for each in details] == [
        f"{name}; route {code} to a release that supports it (EARSHOT_ASR_ROUTES)"
        for name, code in (
            ("Dutch (nl, 40%)", "nl"),
            ("German (de, 80%)", "de"),
            ("German (de, 53%)", "de"),
        )
    ]


def _detected(outcome: Outcome, *languages: str) -> Outcome:
    """The outcome with languages of its stretches, detected with a share of 0.8."""
    assert isinstance(outcome, Succeeded | Failed)
    found = AsrFindings.model_validate(outcome.findings)
    spoken = tuple(
        each.model_copy(update={"language": language, "language_share": 0.8})
        for each, language in zip(found.spoken, languages, strict=True)
    )
    findings = found.model_copy(update={"spoken": spoken}).model_dump(mode="json")
    return outcome.model_copy(update={"findings": findings})


def test_part_of_a_chunk_is_restored_in_order() -> None:
    (found, _) = over(chunk(0, -5.0, 2.0, -5.0, foreign=[1]), chunk(10, -5.0))
    assert isinstance(found, Succeeded)
    assert texts(found) == (["w0", "w1", "w2"], [])


def test_a_word_at_a_border_is_of_one_stretch() -> None:
    """Stretches may touch: the second one begins where the first ends, and with a word."""
    first, second = (
        Spoken(channel=0, start_ms=start, end_ms=start + 1000, other_language=5.0)
        for start in (0, 1000)
    )
    words = (word(0), word(1).model_copy(update={"start_ms": 1000}))
    findings = AsrFindings(language="en", words=words, spoken=(first, second))
    (once,) = over(Succeeded(findings=findings.model_dump(mode="json")))
    assert texts(once) == ([], ["w0", "w1"])
    assert over(once) == [once]


def test_each_voice_is_judged_alone() -> None:
    agent, customer = over(chunk(0, -5.0, -5.0), chunk(0, 5.0, 5.0, foreign=[0, 1], channel=1))
    assert isinstance(agent, Succeeded)
    assert isinstance(customer, Failed)


def test_one_part_more_changes_nothing_once_it_is_settled() -> None:
    once = over(chunk(0, -5.0, -5.0), chunk(10, 2.5, foreign=[0]), chunk(20, 5.0, 5.0, 5.0, 5.0))
    assert over(*once) == once


def test_outcomes_without_such_evidence_stay_what_they_are() -> None:
    found = AsrFindings(language="fr", words=(word(0),)).model_dump(mode="json")
    outcomes: list[Outcome] = [
        Succeeded(findings=found),
        Skipped(reason="no_speech"),
        Failed(code=LANGUAGE_UNSUPPORTED, detail="route de to a release that does"),
        Failed(code="bad_audio", detail="it cannot be read"),
        chunk(10, None, None),
    ]
    assert over(*outcomes) == outcomes
