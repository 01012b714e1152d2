"""Measures the gate before speech, set by set: lost speech in recordings of speech, saved work in
all others.

python -m training.measurements.gate --data ../shared/data
"""

import argparse
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from earshot.analysis.outcome import Skipped
from earshot.models.checkpoints.defaults import default_releases
from evaluation import label_map, manifest
from workers.direct import Analysed, Analyser

LISTENS = "emotion"  # the cheapest of the gated analyses


@dataclass
class Stopped:
    """Counts of one set and scene. Chunks: those with speech by the VAD; utterances: the VAD's."""

    recordings: int = 0
    chunks: int = 0
    chunks_stopped: int = 0
    utterances: int = 0
    utterances_stopped: int = 0
    speech_ms: int = 0
    speech_ms_stopped: int = 0

    def add(self, analysed: Analysed) -> None:
        self.recordings += 1
        outcomes = {part.chunk: part.outcome for part in analysed.evidence.parts}
        for chunk in (chunk for chunk in analysed.evidence.recording.chunks if chunk.speech):
            outcome = outcomes[chunk.index]
            stopped = isinstance(outcome, Skipped) and outcome.reason.startswith("scene_")
            length_ms = sum(each.end_ms - each.start_ms for each in chunk.speech)
            self.chunks += 1
            self.utterances += len(chunk.speech)
            self.speech_ms += length_ms
            self.chunks_stopped += stopped
            self.utterances_stopped += len(chunk.speech) * stopped
            self.speech_ms_stopped += length_ms * stopped


def measure(data: Path) -> dict[tuple[str, str], Stopped]:
    """Counts by scene and set, for every row of the manifest with a scene label."""
    mapping, releases = label_map.read("scene"), default_releases()
    found: dict[tuple[str, str], Stopped] = defaultdict(Stopped)
    with tempfile.TemporaryDirectory(prefix="earshot-gate-") as folder:
        analyser = Analyser(
            f"file://{folder}", {LISTENS: releases[LISTENS]}, gate=releases["scene"]
        )
        for row in manifest.read(data / "labels.jsonl"):
            label = mapping.truth(row).label
            if label is not None:
                analysed = analyser.analyse(
                    data / row.path, roles=row.asked_roles, language=row.lang or ""
                )
                found[label, row.source].add(analysed)
    return found


def table(found: dict[tuple[str, str], Stopped]) -> str:
    """One row a set, in Markdown."""
    lines = [
        (
            "| scene | set | recordings | chunks with speech | stopped | utterances | stopped |"
            " seconds | stopped |"
        ),
        "|---" * 9 + "|",
    ]
    for (label, source), each in sorted(found.items()):
        seconds = f"{each.speech_ms / 1000:.0f} | {each.speech_ms_stopped / 1000:.0f}"
        counts = (
            f"{each.chunks} | {each.chunks_stopped} | {each.utterances} | {each.utterances_stopped}"
            f" | {seconds}"
        )
        lines.append(f"| {label} | {source} | {each.recordings} | {counts} |")
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    print(table(measure(parser.parse_args().data)))
