"""Thresholds of the figures, and the table of their definitions, which every report contains."""

from pydantic import Field

from earshot.analysis.types import Frozen

PAUSE_MS = 300
"""Shorter pauses are speech: the VAD leaves stops and breaths within an utterance."""
LATE_MS = 23
"""The VAD's speech starts and ends that much later than the sound within 35 dB of the loud level:
mean of 230 edges of 41 readers (LibriSpeech, train-clean-100)."""
SOFT_MS, SOFTEST_MS = 40, 300
"""An aligned word that starts that much before the VAD's speech is the start of it: at soft sounds
the VAD is up to 270 ms late. Otherwise the VAD is the more exact one."""
LONGEST_WORD_MS = 2_000
"""Longer words are an error of the alignment, and replace no edge."""
TURN_PAUSE_MS = 1_000
"""A longer pause ends a turn, as in the transcript."""
SILENCE_MS = 3_000
"""Minimum length of silence."""
GRACE_MS = 500
"""Overlap that a change of the floor may have without being an interruption."""
BACK_CHANNEL_MS = 1_000
"""Maximum length of a back-channel: very short utterances are below a second (Edlund, Heldner and
Pelcé 2009, Pause and gap length in face-to-face interaction)."""
TIMED_WORDS = 0.5
"""Minimum share of words with a time of their own, native or aligned, for a rate."""
QUARTER = 0.25
"""Part of the time from a participant's first speech to its last that is the start, and the end, of
its sentiment."""
QUIETEST_LUFS = -70.0
"""0 of the loudness view: the absolute gate of ITU-R BS.1770-4; 100 is 0 LUFS."""

OF_CALL = "length of the recording"
OF_SPEECH = "time in which anyone speaks"


class Definition(Frozen):
    """What a figure means."""

    id: str = Field(description="The fields of the figure are named by it.")
    unit: str
    definition: str
    denominators: dict[str, str] = Field(
        default={}, description="Ending of a field that is a share to what it is a share of."
    )
    thresholds: dict[str, float] = Field(
        default={}, description="Name to value; milliseconds where the name ends in _ms."
    )


_SHARES = {"of_call": OF_CALL, "of_speech": OF_SPEECH}

DEFINITIONS = (
    Definition(
        id="talk",
        unit="ms",
        definition=(
            "Union of the participant's speech, as the VAD or diarization found it; where an"
            " aligned word of at most longest_word_ms starts soft_ms to softest_ms before it, it"
            " starts there. Its pauses below pause_ms are speech, and sounds below 200 ms are not."
            " In total: the time in which anyone speaks. Where several speak at once, the parts sum"
            " to more than the total."
        ),
        denominators=_SHARES,
        thresholds={
            "pause_ms": PAUSE_MS,
            "soft_ms": SOFT_MS,
            "softest_ms": SOFTEST_MS,
            "longest_word_ms": LONGEST_WORD_MS,
        },
    ),
    Definition(
        id="listen",
        unit="ms",
        definition="Time in which another participant speaks and this one does not.",
        denominators={"of_call": OF_CALL},
    ),
    Definition(
        id="silence",
        unit="ms",
        definition=(
            "Sum of the stretches of at least silence_ms in which no participant speaks, from the"
            " start of the recording to its end, without hold music."
        ),
        denominators={"of_call": OF_CALL},
        thresholds={"silence_ms": SILENCE_MS},
    ),
    Definition(
        id="hold_music",
        unit="ms",
        definition=(
            "The part of stretches without speech of at least silence_ms that scene or noise labels"
            " as music, with what is left of the stretch beside it where that is shorter than"
            " silence_ms. Null where neither analysis answered."
        ),
        denominators={"of_call": OF_CALL},
        thresholds={"silence_ms": SILENCE_MS},
    ),
    Definition(
        id="overtalk",
        unit="ms",
        definition=(
            "Time in which two or more participants speak at once; of a participant: in which it is"
            " one of them. Speech of another channel that leaks into one is left out."
        ),
        denominators=_SHARES,
    ),
    Definition(
        id="turns",
        unit="count",
        definition=(
            "Runs of the participant's speech with pauses below turn_pause_ms. A pause ends the"
            " turn if another participant begins to speak in it, or came in before and speaks"
            " throughout it, for more than back_channel_ms."
        ),
        thresholds={"turn_pause_ms": TURN_PAUSE_MS, "back_channel_ms": BACK_CHANNEL_MS},
    ),
    Definition(
        id="interruptions",
        unit="count",
        definition=(
            "Turns begun during another participant's turn that overlap it by more than grace_ms"
            " and end after it: the one who came in has the floor."
        ),
        thresholds={"grace_ms": GRACE_MS},
    ),
    Definition(
        id="back_channels",
        unit="count",
        definition=(
            "Turns of at most back_channel_ms that begin and end during another participant's turn:"
            " the floor stays."
        ),
        thresholds={"back_channel_ms": BACK_CHANNEL_MS},
    ),
    Definition(
        id="longest_monologue",
        unit="ms",
        definition=(
            "The longest time from the start of a turn to the end of the same or a later one of the"
            " same participant, without a pause of silence_ms and without a turn of another"
            " participant between them. Turns that begin and end during another's are not counted."
        ),
        thresholds={"silence_ms": SILENCE_MS},
    ),
    Definition(
        id="response_gap",
        unit="ms",
        definition=(
            "Median of the times from the end of another participant's turn to the start of this"
            " one's next turn, below 0 where it begins before that end; n is their number. Turns"
            " that begin and end during another's are not counted."
        ),
    ),
    Definition(
        id="words_per_minute",
        unit="words/min",
        definition=(
            "Words over minutes of the participant's speech (talk) that was transcribed. Null with"
            " a reason: no_speech, not_transcribed, no_words, or no_word_times where less than"
            " timed_words of the words have a time from the recogniser or by alignment."
        ),
        thresholds={"timed_words": TIMED_WORDS},
    ),
    Definition(
        id="loudness",
        unit="LUFS",
        definition=(
            "Integrated loudness of the participant's channel, ITU-R BS.1770-4 with gating; view"
            " has the same from 0 (quietest_lufs) to 100 (0 LUFS). Null where a channel has several"
            " participants or a participant several channels, and below quietest_lufs."
        ),
        thresholds={"quietest_lufs": QUIETEST_LUFS},
    ),
    Definition(
        id="first_speech",
        unit="ms",
        definition="Time from the start of the recording to the participant's first speech.",
    ),
    Definition(
        id="sentiment_shift",
        unit="-2 to 2",
        definition=(
            "End minus start of the participant's acoustic sentiment. Each is the mean of positive"
            " less negative share over the scored turns, weighted by their length, whose middle is"
            " in the last or first quarter of the time from the participant's first speech to"
            " its last; n_start and n_end are their numbers, and unclear turns are left out. Null"
            " with a reason: not_scored, or too_few where one of the two has no scored turn."
        ),
        thresholds={"quarter": QUARTER},
    ),
)
