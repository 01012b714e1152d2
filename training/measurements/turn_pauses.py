"""Measures what it costs conversations of held-out readers to join a speaker's turns over a pause.
Their reference counts every pause as silence, people who annotate meetings count short ones as
speech: the longest pause is taken that costs these conversations less than ``COST``.

python -m training.measurements.turn_pauses --data ../shared/data
"""

import argparse
from pathlib import Path

from earshot.models.checkpoints.catalog import load
from earshot.models.speakers.embedding import open_packaged_speaker
from earshot.models.speakers.segmentation import open_segmentation
from earshot.settings import settings
from training.data.datasets import examples
from training.recipes.segmentation.judged import case, error, held_out
from training.recipes.speaker.judged import TRAIN_SET, split

RELEASE = "diarization-ge2e-1"
PAUSES_MS = (*range(500, 1_001, 50),)
"""At 500 ms a joined pause lies within the collars of its borders, and costs nothing."""
COST = 0.003
"""Half of what the bar of two readers (0.03) leaves to their error at 500 ms, rounded down."""


def measured(data: Path) -> dict[int, float]:
    """Pause in ms to the error rate; no speaker of ``diarization/ami_debug`` or of test-other."""
    release = next(each for each in load() if each.name == RELEASE).release()
    model, segmentation = open_packaged_speaker(release, settings()), open_segmentation()
    _, held = split(examples(data, TRAIN_SET))
    cases = [case(model, segmentation, each) for each in held_out(held)]
    likely = segmentation.about.overlap
    return {gap: error(cases, model.threshold, likely, gap).rate for gap in PAUSES_MS}


def chosen(rates: dict[int, float]) -> int:
    """The longest pause up to which none costs more than ``COST``."""
    least = rates[PAUSES_MS[0]]
    dear = [gap for gap in PAUSES_MS if round(rates[gap] - least, 6) > COST]
    return max(gap for gap in PAUSES_MS if not dear or gap < dear[0])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    found = measured(parser.parse_args().data)
    print("\n".join(f"{gap} ms: DER {rate:.4f}" for gap, rate in found.items()))
    print(f"chosen: {chosen(found)} ms")
