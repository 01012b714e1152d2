"""The head of a report on the terminal."""

from rich.console import Group, RenderableType
from rich.text import Text

from cli.terminal.strip import clock, share
from earshot.analysis.printable import printable
from earshot.analysis.quality import Quality, explained
from earshot.analysis.report.parts import RecordingFacts
from earshot.analysis.report.report import Report
from earshot.analysis.report.sections import TranscriptConfidence


def facts(report: Report) -> RenderableType:
    """The recording, its sound, how far its words can be relied on, and what to know of it."""
    found = report.recording
    channels = f"{found.channels} channel" + ("s" if found.channels > 1 else "")
    what = [
        clock(found.duration_ms),
        channels,
        f"{found.native_rate / 1000:g} kHz",
        found.codec or "",
        found.language,
    ]
    if report.transcript_language not in (None, found.language):
        what.append(f"transcribed as {report.transcript_language}")
    state = Text(report.status, style="green" if report.status == "complete" else "yellow")
    lines = [
        Text.assemble(
            (printable(found.file_name), "bold"),
            "  ",
            ", ".join(word for word in what if word),
            "  ",
            state,
        ),
        Text(f"recording {found.id}", style="dim"),
        *([Text(_sound(found.quality), style="dim")] if found.quality else []),
        *_words(report.transcript_confidence),
        *(Text(note, style="yellow") for note in (*found.notes, *_doubts(found))),
    ]
    return Group(Text(), *lines)


def _words(found: TranscriptConfidence | None) -> list[Text]:
    if found is None:
        return []
    doubtful = (
        f"doubtful words {found.doubtful} of {found.words}, less than"
        f" {share(found.doubtful_below)} sure"
    )
    if found.doubtful * 2 <= found.words:
        return [Text(doubtful, style="dim")]
    return [Text(f"Do not rely on the text: {doubtful}.", style="yellow")]


def _sound(quality: Quality) -> str:
    loudness = (
        f"{quality.loudness_lufs:.0f} LUFS"
        if quality.loudness_lufs is not None
        else "no measurable loudness"
    )
    ratio = f"speech {quality.snr_db:.0f} dB above the pauses" if quality.snr_db is not None else ""
    band = f"sound up to {quality.bandwidth_hz / 1000:.1f} kHz" if quality.bandwidth_hz else ""
    return ", ".join(word for word in (loudness, ratio, band) if word)


def _doubts(facts: RecordingFacts) -> tuple[str, ...]:
    """Problems of the audio, without those covered by a note."""
    if facts.quality is None:
        return ()
    covered = {"dual_mono"} if facts.dual_mono else set()
    left = tuple(each for each in facts.quality.warnings if each not in covered)
    return explained(facts.quality.model_copy(update={"warnings": left}))
