"""Measures how often a recognised word is right by its confidence, and the confidence below which
most words are wrong.

python -m training.measurements.word_confidence --data ../shared/data

The bound is chosen on every second speaker of read English, and reported on the others.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path

import numpy as np

from earshot.analysis.findings import AsrFindings
from earshot.models.checkpoints.defaults import default_release
from evaluation import manifest
from evaluation.manifest import Row
from evaluation.measures.words import normalised
from workers.direct import Analyser

READ = ("asr/librispeech_test-other", "asr/librispeech_test-clean", "asr/librivox")
EDGES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
RIGHT_FROM = 0.5
"""Words are doubtful where fewer than this share of those with their confidence are right."""
NEAR = 30
"""Words on either side, in order of confidence, whose share of right ones is the word's own."""


@dataclass(frozen=True)
class Judged:
    """One recognised word."""

    source: str
    speaker: str
    confidence: float
    right: bool


def judged(data: Path, rows: Sequence[Row]) -> Iterator[Judged]:
    """Every word that the default release writes of recordings with a transcript."""
    with tempfile.TemporaryDirectory(prefix="earshot-confidence-") as folder:
        analyser = Analyser(
            f"file://{folder}", {"asr": default_release("asr")}, gate=default_release("scene")
        )
        for row in rows:
            evidence = analyser.analyse(data / row.path).evidence
            words = [
                word for _, found in evidence.found("asr", AsrFindings) for word in found.words
            ]
            texts = [(normalised(word.text, {}), word.confidence) for word in words]
            parts = [(part, confidence) for text, confidence in texts for part in text]
            matching = SequenceMatcher(
                None, normalised(row.text or "", {}), [part for part, _ in parts], autojunk=False
            )
            right = {
                place
                for block in matching.get_matching_blocks()
                for place in range(block.b, block.b + block.size)
            }
            for place, (_, confidence) in enumerate(parts):
                yield Judged(row.source, row.group, confidence, place in right)


def bound(words: Sequence[Judged]) -> float:
    """The confidence below which fewer than ``RIGHT_FROM`` of the words are right."""
    ordered = sorted(words, key=lambda word: word.confidence)
    right = np.array([word.right for word in ordered], float)
    least = 0.0
    for place, word in enumerate(ordered):
        near = right[max(0, place - NEAR) : place + NEAR + 1]
        if near.mean() < RIGHT_FROM:
            least = word.confidence
    return round(least, 2)


def table(words: Sequence[Judged], least: float) -> str:
    """Markdown: share of right words by confidence, and what the bound marks."""
    lines = ["| confidence | words | right |", "|---|---|---|"]
    for low, high in pairwise(EDGES):
        inside = [
            word.right
            for word in words
            if low <= word.confidence < high or word.confidence == high == 1
        ]
        if inside:
            lines.append(f"| {low:.1f} to {high:.1f} | {len(inside)} | {np.mean(inside):.2f} |")
    marked = [word for word in words if word.confidence < least]
    wrong = [word for word in words if not word.right]
    lines.append(
        f"\nbelow {least:.2f}: {len(marked)} of {len(words)} words,"
        f" {sum(not word.right for word in marked)} of the {len(wrong)} wrong ones"
    )
    return "\n".join(lines)


def main(data: Path) -> None:
    """Prints the bound and the tables."""
    rows = [row for row in manifest.read(data / "labels.jsonl") if row.text]
    read = list(judged(data, [row for row in rows if row.source in READ]))
    speakers = sorted({word.speaker for word in read})
    chosen_on = set(speakers[::2])
    least = bound([word for word in read if word.speaker in chosen_on])
    print(f"chosen on {len(chosen_on)} of {len(speakers)} speakers of read English: {least:.2f}\n")
    print(table([word for word in read if word.speaker in chosen_on], least))
    print("\nother speakers of read English\n")
    print(table([word for word in read if word.speaker not in chosen_on], least))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    main(parser.parse_args().data)
