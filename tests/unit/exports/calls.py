"""Reports with content that is awkward for formats of text."""

from datetime import UTC, datetime
from uuid import UUID

from earshot.analysis.report.parts import RecordingFacts
from earshot.analysis.report.report import Report
from earshot.analysis.report.sections import (
    Missing,
    Speaker,
    SpokenWord,
    Turn,
    VoiceSentiment,
)

MARKUP = '<b>bold</b> & "quoted" <customer> it\'s 3 < 4 {\\an8} &lt; --> [1]'
LONG = " ".join(f"word{number}," for number in range(2000 // 9))
QUOTED = 'Anna "the boss" O\'Neill, <v Bo> & co; #1'


def turn(
    number: int,
    text: str,
    start_ms: int,
    end_ms: int,
    words: list[tuple[str, int, int]] | None = None,
    speaker: int = 0,
    role: str | None = None,
) -> Turn:
    """A turn of a speaker on the channel of the same number, without words unless there are."""
    return Turn(
        start_ms=start_ms,
        end_ms=end_ms,
        channel=speaker,
        id=f"t{number}",
        speaker=f"s{speaker}",
        role=role,
        text=text,
        transcribed=True,
        words=tuple(
            SpokenWord(text=each, start_ms=start, end_ms=end, confidence=0.5)
            for each, start, end in words or ()
        ),
        confidence=None,
        emotion=None,
        sentiment=None,
    )


def speaker(number: int, name: str | None = None, role: str | None = None) -> Speaker:
    return Speaker(id=f"s{number}", channel=number, role=role, talk_ms=0, name=name)


def report(
    turns: list[Turn],
    speakers: list[Speaker],
    file_name: str = "call.wav",
    sentiment: tuple[VoiceSentiment, ...] = (),
    missing: tuple[Missing, ...] = (),
    duration_ms: int = 60_000,
) -> Report:
    return Report(
        recording=RecordingFacts(
            id=UUID(int=7),
            file_name=file_name,
            sha256="0" * 64,
            duration_ms=duration_ms,
            channels=max(1, len(speakers)),
            native_rate=8_000,
            language="en",
            created_at=datetime(2026, 1, 2, tzinfo=UTC),
        ),
        status="partial" if missing else "complete",
        missing=missing,
        skipped=(),
        releases={},
        scene=(),
        noise=None,
        speakers=tuple(speakers),
        transcript_language="en",
        turns=tuple(turns),
        sentiment=sentiment,
        classifications={},
    )


def spread(text: str, start_ms: int, each_ms: int) -> list[tuple[str, int, int]]:
    return [
        (word, start_ms + n * each_ms, start_ms + (n + 1) * each_ms)
        for n, word in enumerate(text.split())
    ]


SILENT = report([], [])
UNWRITTEN = report([turn(0, "", 1_000, 2_000)], [speaker(0)])
"""Speech without a recognised word."""
CALLS: dict[str, Report] = {
    "markup": report(
        [
            turn(0, MARKUP, 0, 8_000, spread(MARKUP, 0, 500), 0, "agent"),
            turn(1, MARKUP, 8_000, 16_000, None, 1, "customer"),
        ],
        [speaker(0, MARKUP, "agent"), speaker(1, QUOTED, "customer")],
        f"{MARKUP.replace('/', '')}.wav",
    ),
    "empty words": report(
        [
            turn(0, "yes", 0, 2_000, [("", 0, 500), ("yes", 500, 900), (" ", 900, 2_000)]),
            turn(1, "", 2_000, 3_000, [("", 2_000, 3_000)]),
        ],
        [speaker(0)],
    ),
    "eight channels": report(
        [turn(n, f"channel {n}", n * 500, n * 500 + 4_000, None, n % 8) for n in range(24)],
        [speaker(n) for n in range(8)],
    ),
    "no speech": SILENT,
    "no words": UNWRITTEN,
    "no length": report(
        [
            turn(0, "so it is", 100, 900, [("so", 100, 100), ("it", 100, 100), ("is", 500, 500)]),
            turn(1, "no", 60_000, 60_000, [("no", 60_000, 60_000)]),
            turn(2, "now", 60_000, 60_000, [("now", 60_000, 60_000)]),
        ],
        [speaker(0)],
    ),
    "long": report([turn(0, LONG, 0, 50_000, spread(LONG, 0, 200))], [speaker(0)]),
    "long alone": report([turn(0, LONG, 0, 50_000)], [speaker(0)]),
    "long word": report([turn(0, "x" * 2_000, 0, 50_000)], [speaker(0)]),
    "overlapping": report(
        [
            turn(0, "one two three", 0, 3_000, spread("one two three", 0, 1_000), 0),
            turn(1, "uno dos", 500, 2_500, spread("uno dos", 500, 1_000), 1),
            turn(2, "four", 2_500, 3_500, [("four", 2_500, 3_500)], 0),
        ],
        [speaker(0, "Anna"), speaker(1, "Anna")],
    ),
    "scripts": report(
        [turn(0, "请等一下。我在看。" * 30, 0, 40_000), turn(1, "متى يصل الطرد؟", 40_000, 42_000)],
        [speaker(0, "मीरा देवी"), speaker(1, "NA")],
        "null.wav",
    ),
}
