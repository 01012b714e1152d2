"""Speech recognition: recognises every stretch of speech on its own channel, in batches, and
removes hallucinated words."""

from collections.abc import Sequence
from functools import partial

from earshot.analysis.findings import AsrFindings, SuppressedText, Word
from earshot.analysis.outcome import LANGUAGE_UNSUPPORTED, NO_SPEECH, Failed, Skipped
from earshot.analysis.pii.removing import Cut, without_more, without_personal_data
from earshot.analysis.types import Release
from earshot.analysis.words.foreign import FOREIGN
from earshot.analysis.words.hallucinated import sift
from earshot.analysis.words.languages import UNDETERMINED
from earshot.analysis.words.whole_recording import left_out, refused
from earshot.audio.clip import Clip
from earshot.models.asr.recogniser import Recogniser
from earshot.settings import settings
from workers.asr.foreign_voices import in_doubt
from workers.asr.listening import listen, primary
from workers.asr.routes import Recognisers
from workers.asr.second import second_opinion
from workers.asr.stretch import Stretch, most, words_of

FINDINGS = AsrFindings

BEHIND_MS = 100
"""Sound behind a chunk that shows that the recording has more of them."""
NAMED = 12
"""Maximum number of languages named in the message of an unsupported one."""


def load(release: Release, device: str) -> Recognisers:
    """Opens the recogniser of the release, and those of the language routes.

    Raises:
        Misconfigured: this analysis has no such runtime, or a checkpoint or package is missing.
    """
    return Recognisers(release, device, settings())


def analyze(model: Recognisers, clips: Sequence[Clip]) -> list[AsrFindings | Skipped | Failed]:
    """The words of each clip; skipped as ``no_speech`` if the VAD found none, failed as
    ``language_unsupported`` if the recogniser does not support its language, as it was named or as
    it is spoken, since the result would be hallucinated."""
    reasons = [_why_not(model, clip) for clip in clips]
    left = [clip for clip, reason in zip(clips, reasons, strict=True) if reason is None]
    found = listen(model, left)
    results = iter(
        _result(clip, [each for each in found if each.clip == index], model)
        for index, clip in enumerate(left)
    )
    return [reason or next(results) for reason in reasons]


def _why_not(model: Recognisers, clip: Clip) -> Skipped | Failed | None:
    if not clip.ref.speech:
        return Skipped(reason=NO_SPEECH)
    language = primary(clip.ref.language)
    release, recogniser = model.of(language)
    return (
        None
        if recogniser.speaks(language)
        else Failed(code=LANGUAGE_UNSUPPORTED, detail=_advice(release, recogniser, language))
    )


def _advice(release: str, recogniser: Recogniser, language: str) -> str:
    known = sorted(recogniser.languages)
    more = f" and {len(known) - NAMED} more" if len(known) > NAMED else ""
    knows = f"{release} supports {', '.join(known[:NAMED]) or 'one language'}{more}"
    if language == UNDETERMINED:
        return (
            f"{knows}, and does not detect the language; name it, or route und to a release that"
            " does"
        )
    return f"{knows}, not {language}; route {language} to a release that does (EARSHOT_ASR_ROUTES)"


def _result(clip: Clip, found: Sequence[Stretch], model: Recognisers) -> AsrFindings | Failed:
    words: list[Word] = []
    suppressed: list[SuppressedText] = []
    for each in found:
        speech = [item for item in clip.ref.speech if item.channel == each.span.channel]
        voice = partial(clip.voice, each.span) if clip.voice else None
        recognition = each.recognition
        kept, dropped = sift(
            words_of(each.span, recognition),
            speech,
            recognition.log_probability,
            recognition.no_speech,
            voice,
            doubted=in_doubt(each),
        )
        suppressed += dropped
        if each.foreign > FOREIGN:
            suppressed += left_out(kept)
        else:
            words += kept
    release = most(found, lambda each: each.release, model.name)
    findings = _private(
        model,
        clip,
        AsrFindings(
            language=most(
                found, lambda each: each.recognition.language, primary(clip.ref.language)
            ),
            words=tuple(words),
            suppressed_text=tuple(suppressed),
            spoken=tuple(each.spoken() for each in found if not each.abroad),
            doubtful_below=_one_for_all(found),
            routed_to=release if release != model.name else None,
        ),
    )
    foreign = [each for each in found if each.foreign > FOREIGN]
    if foreign and not words:
        longest = max(foreign, key=lambda each: each.length_ms)
        own = [each.spoken() for each in foreign]
        return refused(findings, longest.release, longest.foreign, own)
    return findings


def _private(model: Recognisers, clip: Clip, findings: AsrFindings) -> AsrFindings:
    """Without personal data, if the request asks for that: before anything of it is stored."""
    ref = clip.ref
    if ref.redact is None:
        return findings
    goes_on = clip.read(ref.end_ms, ref.end_ms + BEHIND_MS).size > 0
    cut = Cut(start=ref.start_ms > 0, end=goes_on)
    return without_more(
        without_personal_data(findings, ref, cut),
        second_opinion(model, clip, primary(findings.language)),
        ref,
        cut,
    )


def _one_for_all(found: Sequence[Stretch]) -> float | None:
    """The bound of all their words; None if they have none in common."""
    bounds = {each.recognition.doubtful_below for each in found if each.recognition.words}
    return bounds.pop() if len(bounds) == 1 else None
