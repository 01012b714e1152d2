"""Measures word error rate and speed of the pocketsphinx decoder: by search width on the tuning
speakers, then, at the released width, on speakers and sets not used for tuning.

python -m training.measurements.asr_wer --data ../shared/data --states 3000 4000 5000 10000 30000
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from earshot.models.asr.pocketsphinx import LIVE_STATES, PocketsphinxDecoder
from evaluation.manifest import read
from evaluation.measures.words import distance
from training.data.datasets import RATE, waveform

TUNED_ON = ("ls_1688", "ls_2033", "ls_3005")
"""Speakers of LibriSpeech test-other used to choose the search width; no other figure uses them."""
HARD = "asr/librispeech_test-other"
REPORTED = (HARD, "asr/librispeech_test-clean", "asr/librivox")


@dataclass(frozen=True)
class Line:
    """One recording of read English and its transcript."""

    path: Path
    source: str
    tuned_on: bool
    words: tuple[str, ...]


@dataclass(frozen=True)
class Measured:
    """Word error rate, and seconds of CPU per second of audio."""

    words: int
    rate: float
    cpu: float


def lines(data: Path) -> list[Line]:
    """The recordings of ``REPORTED`` that have a text."""
    return [
        Line(data / row.path, row.source, row.speaker in TUNED_ON, tuple(row.text.split()))
        for row in read(data / "labels.jsonl")
        if row.source in REPORTED and row.text
    ]


def measure(decoder: PocketsphinxDecoder, chosen: Sequence[Line]) -> Measured:
    """Decodes each recording at once, as the worker does with a stretch of speech."""
    errors, seconds, used = 0, 0.0, 0.0
    for line in chosen:
        samples = waveform(line.path)
        began = time.process_time()
        found = [word.text for word in decoder.decode(samples)]
        used += time.process_time() - began
        seconds += len(samples) / RATE
        errors += distance(line.words, found)
    words = sum(len(line.words) for line in chosen)
    return Measured(words, errors / words, used / seconds)


def main(data: Path, states: Sequence[int]) -> None:
    """Prints a Markdown table."""
    every = lines(data)
    cases = [
        (f"{HARD}, speakers tuned on", width, [line for line in every if line.tuned_on])
        for width in states
    ]
    for source in REPORTED:
        cases.append(
            (
                source,
                LIVE_STATES,
                [line for line in every if line.source == source and not line.tuned_on],
            )
        )
    print("| on | states | words | WER | CPU s per s |\n|---|---|---|---|---|")
    for name, width, chosen in cases:
        found = measure(PocketsphinxDecoder(width), chosen)
        print(
            f"| {name} | {width} | {found.words} | {found.rate:.3f} | {found.cpu:.2f} |", flush=True
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument(
        "--states", type=int, nargs="*", default=[], help="widths to try on the speakers tuned on"
    )
    arguments = parser.parse_args()
    main(arguments.data, arguments.states)
