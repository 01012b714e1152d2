"""What a noise checkpoint says of recordings that nothing of it was fitted or chosen on, through
the code of the workers: ordinary speech, music and pauses, where a zero-shot category is a false
answer, and recordings whose makers name a sound."""

import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from earshot.analysis.noise_findings import NoiseFindings
from earshot.analysis.types import Release
from earshot.models.checkpoints.location import sha256
from training.data.datasets import Example, examples
from training.recipes.noise import sounds
from training.recipes.noise.zero_shot import NAMES
from workers.direct import Analyser

ORDINARY = (
    "asr/librispeech_test-clean", "asr/librivox", "asr/watson_demo", "asr/gcp", "callcenter",
    "diarization/ami_debug", "emotion/emodb", "emotion/urdu", "scene/pyaudio3", "scene/librosa",
)  # fmt: skip
MOST = 6
"""Recordings of a set."""
NAMED = "scene/ibm_max"


def unseen(checkpoint: Path, data: Path) -> str:
    """A section of the card."""
    release = Release(
        analysis="noise",
        name=checkpoint.stem,
        runtime="onnx",
        uri=str(checkpoint.resolve()),
        sha256=sha256(checkpoint),
    )
    with tempfile.TemporaryDirectory(prefix="earshot-unseen-") as folder:
        analyser = Analyser(f"file://{folder}", {"noise": release})
        ordinary = "\n".join(_ordinary(analyser, data))
        named = "\n".join(_named(analyser, data))
    return (
        "## Recordings that nothing was fitted on\n\nShare of their time by answer, in parts of"
        " about 5 s. No recording of these is known to hold a sound of a zero-shot category; an"
        " answer with one counts as false, though a meeting or a call may hold it.\n\n"
        "| set | minutes | no_noise or silence | unclear | trained categories | zero-shot |\n"
        f"|---|---|---|---|---|---|\n{ordinary}\n\n"
        f"Recordings of {NAMED} whose makers name a category, from the longest answer on:\n\n"
        f"| recording | named | answered |\n|---|---|---|\n{named}"
    )


def _ordinary(analyser: Analyser, data: Path) -> Iterable[str]:
    for name in ORDINARY:
        rows = examples(data, name) or _files(data, name)
        times: Counter[str] = Counter()
        for row in rows[:: max(len(rows) // MOST, 1)][:MOST]:
            times += answers(analyser, row.path)
        whole = times.total()
        further = {label: time for label, time in times.items() if label in NAMES}
        quiet, unclear = times["no_noise"] + times["silence"], times["unclear"]
        listed = ", ".join(f"{label} {time / whole:.1%}" for label, time in further.items())
        yield (
            f"| {name} | {whole / 60_000:.1f} | {quiet / whole:.1%} | {unclear / whole:.1%} |"
            f" {(whole - quiet - unclear - sum(further.values())) / whole:.1%} |"
            f" {sum(further.values()) / whole:.1%}{f' ({listed})' if listed else ''} |"
        )


def _named(analyser: Analyser, data: Path) -> Iterable[str]:
    for row in examples(data, NAMED):
        category = sounds.zero_shot(row)
        if category is not None:
            times = answers(analyser, row.path)
            listed = ", ".join(label for label, _ in times.most_common())
            yield f"| {row.path.stem} | {category} | {listed} |"


def answers(analyser: Analyser, path: Path) -> "Counter[str]":
    """Milliseconds of a recording by answer."""
    found: Counter[str] = Counter()
    for _, findings in analyser.analyse(path).evidence.found("noise", NoiseFindings):
        for each in findings.intervals:
            found[each.label] += each.end_ms - each.start_ms
    return found


def _files(data: Path, name: str) -> list[Example]:
    """Those of a folder without labels."""
    return [
        Example(path, name, "", path.stem)
        for path in sorted((data / name).rglob("*"))
        if path.suffix in (".flac", ".ogg", ".wav", ".mp3")
    ]
