"""What redaction removes from the sound of a recording, and its section of the report."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from pydantic import Field

from earshot.analysis.findings import AsrFindings, Findings, Redacted
from earshot.analysis.outcome import LANGUAGE_UNSUPPORTED, Failed, Outcome, Skipped, Succeeded
from earshot.analysis.pii.removing import masked
from earshot.analysis.report.parts import ChunkSpan, Evidence, Part
from earshot.analysis.spans import Track, fuse, overlap_ms, without
from earshot.analysis.types import Frozen, Interval, Utterance
from earshot.analysis.words.whole_recording import settled

UNHEARD = "unheard"
WORDLESS_MS = 800
"""Speech of this length without a word is erased: a recogniser leaves out what it repeats, and what
it makes nothing of."""
AROUND_MS = 400
"""On either side of a word, which may cover speech of it that its times leave out."""
MIXED = "number"
"""Kind of stretches that overlap and are of several kinds."""


class RedactionFindings(Findings):
    """The stretches that are silent now. It succeeds only if nothing was left in or around them."""

    stretches: tuple[Redacted, ...]
    passes: int
    """Number of times that the sound around them was transcribed again."""


class RedactionSection(Frozen):
    """Stretches of the recording whose words and sound were removed."""

    stretches: tuple[Redacted, ...] = Field(description="In order of channel and time.")
    silent_ms: int = Field(ge=0, description="Their length together.")
    passes: int = Field(
        ge=0, description="Number of times that the sound around them was transcribed again."
    )


def section(evidence: Evidence) -> RedactionSection | None:
    """The section; None for recordings that were not redacted."""
    for _, found in evidence.found("redaction", RedactionFindings):
        lengths = (each.end_ms - each.start_ms for each in found.stretches)
        return RedactionSection(
            stretches=found.stretches, silent_ms=sum(lengths), passes=found.passes
        )
    return None


def is_proven(parts: Sequence[Part], chunks: Sequence[ChunkSpan]) -> bool:
    """True if redaction succeeded, on all that is to be removed by now: an answer of an earlier
    round may know of less.

    Raises: as ``to_silence``.
    """
    silent = _silenced(parts)
    return silent is not None and apart(to_silence(parts, chunks)) == apart(silent)


def _silenced(parts: Sequence[Part]) -> tuple[Redacted, ...] | None:
    for part in parts:
        if part.analysis == "redaction" and isinstance(part.outcome, Succeeded):
            return RedactionFindings.model_validate(part.outcome.findings).stretches
    return None


def masked_parts(parts: Sequence[Part]) -> list[Part]:
    """The parts of speech recognition that hold words of silent stretches, without them: a number
    may be recognised only in what is left around the first of its digits.

    Raises: as ``to_silence``.
    """
    silent, found = _silenced(parts) or (), []
    for part in parts:
        if part.analysis != "asr" or isinstance(part.outcome, Skipped) or not part.outcome.findings:
            continue
        before = AsrFindings.model_validate(part.outcome.findings)
        after = masked(before, silent)
        if after != before:
            kept = part.outcome.model_copy(update={"findings": after.model_dump(mode="json")})
            found.append(part.model_copy(update={"outcome": kept}))
    return found


def to_silence(parts: Sequence[Part], chunks: Sequence[ChunkSpan]) -> tuple[Redacted, ...]:
    """The stretches that speech recognition removed, all speech whose words are not known (of a
    chunk that failed, in a language that the recogniser does not know, or without words), and what
    an earlier round made silent, in order of channel and time, without overlap on a channel.

    Raises:
        pydantic.ValidationError: an outcome does not hold the findings of speech recognition.
    """
    words = [part for part in parts if part.analysis == "asr"]
    outcomes = {part.chunk: part.outcome for part in words}
    transcribed = {index: each for index, one in outcomes.items() if (each := _findings(one))}
    judged = settled([(part.release, part.outcome) for part in words])
    before = _silenced(parts)
    found: list[Redacted] = [*(before or ())]
    for findings in [*transcribed.values(), *filter(None, map(_findings, judged))]:
        found += [*findings.redacted, *_unheard(findings)]
    if not words and before is not None:  # proven by an earlier round, whose words have expired
        return apart(found)
    for chunk in chunks:
        if isinstance(outcomes.get(chunk.index), Failed | None):
            found += [Redacted(kind=UNHEARD, **each.model_dump()) for each in chunk.speech]
    speech = [each for chunk in chunks if chunk.index in transcribed for each in chunk.speech]
    return apart([*found, *_wordless(speech, transcribed.values(), found)])


def _findings(outcome: Outcome) -> AsrFindings | None:
    if isinstance(outcome, Skipped) or outcome.findings is None:
        return None
    return AsrFindings.model_validate(outcome.findings)


def _wordless(
    speech: Iterable[Utterance], transcribed: Iterable[AsrFindings], erased: Sequence[Redacted]
) -> Iterator[Redacted]:
    """Stretches of speech that no word is near to."""
    words = [word for one in transcribed for word in one.words]
    speech = list(speech)
    for channel in {each.channel for each in speech}:
        near = (
            Interval(start_ms=max(0, word.start_ms - AROUND_MS), end_ms=word.end_ms + AROUND_MS)
            for word in words
            if word.channel == channel
        )
        known = Track(fuse([*near, *(span for span in erased if span.channel == channel)]))
        for each in speech:
            if each.channel != channel:
                continue
            for gap in without(each, known.meeting(each)):
                if gap.end_ms - gap.start_ms >= WORDLESS_MS:
                    yield Redacted(kind=UNHEARD, channel=channel, **gap.model_dump())


def _unheard(found: AsrFindings) -> list[Redacted]:
    """The stretches in another language: what their words are said to be is no evidence of what
    was spoken."""
    texts = [each for each in found.suppressed_text if each.reason == LANGUAGE_UNSUPPORTED]
    own = [
        span
        for span in found.spoken
        if any(span.channel == text.channel and overlap_ms(span, text) for text in texts)
    ]
    return [
        Redacted(kind=UNHEARD, **each.model_dump(include=set(Utterance.model_fields)))
        for each in [*own, *texts]
        if each.end_ms > each.start_ms
    ]


def apart(found: Sequence[Redacted], gap_ms: int = 0) -> tuple[Redacted, ...]:
    """The stretches, those that overlap on a channel, or are at most ``gap_ms`` apart, as one."""
    joined = []
    for channel in sorted({each.channel for each in found}):
        own = [each for each in found if each.channel == channel]
        spans = fuse(own, gap_ms)
        starts, kinds = [each.start_ms for each in spans], [set[str]() for _ in spans]
        for each in own:
            kinds[bisect_right(starts, each.start_ms) - 1].add(each.kind)
        for span, inside in zip(spans, kinds, strict=True):
            kind = inside.pop() if len(inside) == 1 else MIXED
            joined.append(Redacted(kind=kind, channel=channel, **span.model_dump()))
    return tuple(joined)
