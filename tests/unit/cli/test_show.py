"""The report as it is printed: everything is on it, at 80 and 120 columns, and without a
terminal."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.terminal.console import say, show, show_json
from cli.terminal.show import rendered
from cli.terminal.strip import clock, share, strip
from earshot.analysis.findings import UNCLEAR, Classification
from earshot.analysis.printable import UNSHOWABLE
from earshot.analysis.report.parts import RecordingFacts
from earshot.analysis.report.report import Report
from earshot.analysis.report.sections import (
    EmotionSummary,
    Missing,
    NoiseSection,
    SkippedPart,
    Speaker,
    Stretch,
    TranscriptConfidence,
    Turn,
    VoiceSentiment,
)
from earshot.analysis.types import Interval

SPOKEN = (
    "good morning this is the garage and I would like to know when you can bring the car in for its"
    " yearly inspection"
)
SCORES = {"negative": 0.2, "neutral": 0.7, "positive": 0.1}


def report() -> Report:
    turn = Turn(
        id="t0",
        start_ms=65_000,
        end_ms=80_000,
        channel=0,
        speaker="s0",
        role="agent",
        text=SPOKEN,
        transcribed=True,
        words=(),
        confidence=None,
        emotion=EmotionSummary(
            label="happy", label_native="joy", confidence=0.61, scores={"joy": 0.61}
        ),
        sentiment=Classification(label="neutral", confidence=0.7, scores=SCORES),
    )
    wordless = turn.model_copy(
        update={
            "id": "t1",
            "speaker": "s1",
            "role": None,
            "text": "",
            "emotion": None,
            "sentiment": None,
        }
    )
    unheard = wordless.model_copy(update={"id": "t2", "transcribed": False})
    return Report(
        recording=RecordingFacts(
            id=UUID(int=7),
            file_name="my call [old].wav",
            sha256="0" * 64,
            duration_ms=100_000,
            channels=2,
            native_rate=8_000,
            language="en",
            codec="pcm_s16le",
            notes=("3 of 90 packets were damaged and left out.",),
            created_at=datetime(2026, 1, 2, tzinfo=UTC),
        ),
        status="partial",
        missing=tuple(
            Missing(analysis="asr", chunk=index, code="killed", detail="out of memory")
            for index in (1, 2)
        ),
        skipped=(SkippedPart(analysis="emotion", chunk=3, reason="no_speech"),),
        releases={},
        scene=(
            Stretch(start_ms=0, end_ms=60_000, label="music", confidence=0.9),
            Stretch(start_ms=60_000, end_ms=100_000, label="speech", confidence=0.8),
        ),
        noise=NoiseSection(
            timeline=(Stretch(start_ms=0, end_ms=100_000, label="rain", confidence=0.5),),
            bandwidth_limited=True,
            coverage=("rain",),
        ),
        speakers=(Speaker(id="s0", channel=0, role="agent", talk_ms=15_000),),
        transcript_language="de",
        transcript_confidence=TranscriptConfidence(words=40, doubtful=21, doubtful_below=0.65),
        turns=(turn, wordless, unheard),
        sentiment=(
            VoiceSentiment(
                label="neutral",
                confidence=0.7,
                scores=SCORES,
                role="agent",
                speaker="s0",
                speech_ms=15_000,
            ),
        ),
        classifications={},
    )


def printed(width: int) -> str:
    console = Console(width=width, force_terminal=False, color_system=None)
    with console.capture() as captured:
        console.print(rendered(report()))
    return captured.get()


@pytest.mark.parametrize("width", [80, 120])
def test_nothing_is_lost_and_nothing_sticks_out(width: int) -> None:
    text = printed(width)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    words = text.split()
    assert all(word in words for word in SPOKEN.split())
    for expected in (
        "my call [old].wav", "partial", "1:40", "music", "60%", "speech", "40%", "rain",
        "below 32 kHz", "s0 agent", "happy 61%", "neutral 70%", "(no word recognised)",
        "killed: out of memory", "2 chunks", "no_speech", "negative 20%", "(not transcribed)",
        "transcribed as de", "Do not rely on the text: doubtful words 21 of 40",
        "3 of 90 packets were damaged and left out.",
    ):  # fmt: skip
        assert expected in text


def test_piped_it_has_no_colour_and_a_turn_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    show(rendered(report()))
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert [line for line in out.splitlines() if SPOKEN in line and line.startswith("1:05")]
    assert all(line == line.rstrip() for line in out.splitlines())


def test_a_strip_shows_where() -> None:
    halves = [Interval(start_ms=0, end_ms=500)]
    assert strip(halves, 1000, width=4) == "██··"
    assert strip([Interval(start_ms=0, end_ms=10)], 1000, width=4) == "▏···"
    assert strip([], 0, width=4) == "····"


def test_times_and_shares_as_text() -> None:
    assert [clock(ms) for ms in (0, 999, 61_000, 3_600_000)] == ["0:00", "0:00", "1:01", "1:00:00"]
    assert share(0.005) == "0%"
    assert share(1) == "100%"


def test_what_a_terminal_obeys_is_escaped_in_cells_and_json(
    capsys: pytest.CaptureFixture[str],
) -> None:
    table = Table(box=None)
    table.add_row("مكالمة 👩‍👩‍👧", Text("red\x1b[31m \u202e \x9b"))
    show(table)
    show("one\ntwo")
    show_json({"file": "a\u202eb\x85 مكالمة"}, indent=1)
    say("name\rforged")
    printed = capsys.readouterr()
    assert "مكالمة 👩‍👩‍👧" in printed.out
    assert "red\\u001b" in printed.out
    assert not UNSHOWABLE.search(printed.out.replace("\n", ""))
    assert "one\\u000atwo\n" in printed.out
    assert printed.out.endswith('{\n "file": "a\\u202eb\\u0085 مكالمة"\n}\n')
    assert printed.err == "name\\u000dforged\n"


def test_an_answer_that_abstains_is_unclear_and_keeps_its_scores() -> None:
    """Also where one share is far above the others: evidence decides, not the margin."""
    abstained = Classification(label=UNCLEAR, confidence=0.7, scores=SCORES, abstained=True)
    found = report()
    first, *others = found.turns
    turn = first.model_copy(update={"sentiment": abstained, "emotion": None})
    console = Console(width=120, force_terminal=False, color_system=None)
    with console.capture() as captured:
        console.print(
            rendered(found.model_copy(update={"turns": (turn, *others), "sentiment": ()}))
        )
    assert "unclear" in captured.get()
    assert "neutral" not in captured.get()
    assert Classification.model_validate_json(abstained.model_dump_json()).scores == SCORES


def test_noise_says_what_it_rests_on() -> None:
    found = report()
    assert found.noise is not None
    stretch = found.noise.timeline[0].model_copy(update={"label": "vacuum_cleaner"})
    noise = found.noise.model_copy(
        update={"narrow": True, "timeline": (stretch,), "unmeasured": ("thunder", "vacuum_cleaner")}
    )
    console = Console(width=120, force_terminal=False, color_system=None)
    with console.capture() as captured:
        console.print(rendered(found.model_copy(update={"noise": noise})))
    assert "telephone band" in captured.get()
    assert "never measured: vacuum_cleaner" in captured.get()
    assert "thunder" not in captured.get()
