"""Second opinion on personal data: another recogniser writes what is to be redacted as well. One
alone writes other words for a number here and there, or gives them times beside it."""

from earshot.analysis.findings import Word
from earshot.analysis.words.stretches import stretches
from earshot.audio.clip import Clip
from workers.asr.routes import Recognisers
from workers.asr.stretch import read, words_of


def second_opinion(model: Recognisers, clip: Clip, language: str) -> list[Word]:
    """The words of a clip by the second recogniser, in order of channel and time; none where there
    is none for the language.

    Raises: as ``Recognisers.of`` and ``Recogniser.transcribe``.
    """
    recogniser = model.second(language)
    if recogniser is None:
        return []
    spans = stretches(clip.ref, recogniser.join_gap_ms, recogniser.longest_ms)
    sounds = [(span, sound) for span in spans if len(sound := read(clip, span))]
    answers = recogniser.transcribe(
        [sound for _, sound in sounds], [language] * len(sounds), model.hotwords
    )
    found = [
        word
        for (span, _), answer in zip(sounds, answers, strict=True)
        for word in words_of(span, answer)
    ]
    return sorted(found, key=lambda word: (word.channel, word.start_ms))
