"""Trains the language head over Moonshine: English or another language.

python -m training.recipes.language.train --data ../shared/data --out outputs/language
python -m training.fitting.publish outputs/language/language.onnx
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn

from earshot.models.checkpoints.defaults import default_release
from earshot.models.checkpoints.export import describe, export_torch
from earshot.models.metadata import LanguageMetadata
from training.data import spoken
from training.fitting.card import write_card
from training.recipes.language.speech import (
    ENCODER,
    MOST,
    Floats,
    Line,
    Speech,
    beside,
    encoder_line,
    gathered,
    heard,
    joined,
    line,
    loss,
)
from training.recipes.language.stretches import READERS

STRENGTHS = (0.001, 0.003, 0.01, 0.03, 0.1)
"""Inverse strengths of the encoder's regularisation, chosen out of fold."""
LENGTHS = ((1, 3), (3, 6), (6, 13))


class Head(nn.Module):
    """A line over the encoder's features, and one over its output beside the decoder's; output log
    odds of another language."""

    def __init__(self, encoder: Line, both: Line) -> None:
        super().__init__()
        self.encoder, self.both = _layer(encoder), _layer(both)

    def forward(self, rows: Tensor) -> Tensor:
        heard = self.encoder(rows[:, :ENCODER])
        found: Tensor = self.both(torch.cat([heard, rows[:, ENCODER:]], dim=1))
        return found


def _layer(line: Line) -> nn.Linear:
    layer = nn.Linear(len(line.weights), 1)
    with torch.no_grad():
        layer.weight[0] = torch.from_numpy(line.weights)
        layer.bias[0] = line.bias
    return layer


def measured(found: Floats, encoder: Floats, speech: Speech) -> str:
    """A table by length, and one by kind of speech, of the transcribed stretches."""
    written = speech.written
    columns = "area under the curve | of the encoder alone | others missed | English refused |"
    lines = [f"| seconds | stretches | {columns}", "|---|---|---|---|---|---|"]
    for low, high in (*LENGTHS, (0, 99)):
        rows = written & (speech.seconds >= low) & (speech.seconds < high)
        areas = [roc_auc_score(speech.foreign[rows], each[rows]) for each in (found, encoder)]
        missed = (found[rows & speech.foreign] <= 0).mean()
        refused = (found[rows & ~speech.foreign] > 0).mean()
        name = f"{low}-{high}" if high < 99 else "all"
        lines.append(
            f"| {name} | {rows.sum()} | {areas[0]:.3f} | {areas[1]:.3f} | {missed:.3f} |"
            f" {refused:.3f} |"
        )
    lines += ["", "| speech | voices | stretches | called another language |", "|---|---|---|---|"]
    for kind in sorted(set(speech.kind[written])):
        rows = written & (speech.kind == kind)
        voices = len(set(speech.voice[rows]))
        lines.append(f"| {kind} | {voices} | {rows.sum()} | {(found[rows] > 0).mean():.3f} |")
    return "\n".join(lines)


def main(data: Path, out: Path) -> None:
    """Trains, exports, and writes the card."""
    torch.set_num_threads(1)
    speech = gathered(data, out)
    every, written = np.ones(len(speech.rows), bool), speech.written
    strength = min(STRENGTHS, key=lambda each: loss(heard(speech, each), speech, every))
    encoder = heard(speech, strength)
    found = joined(speech, encoder)
    divisors = np.geomspace(0.5, 8, 60)
    divisor = min(divisors, key=lambda each: loss(found, speech, written, each))
    rows = beside(speech, encoder)[written]
    both = line(rows, speech.foreign[written], speech.weights(written), 1.0)
    head = Head(encoder_line(speech, every, strength), both)
    export_torch(head, out / "language.onnx", speech.rows[written][:4], ("features", "log_odds"))
    about = LanguageMetadata(
        labels=("other",),
        base=default_release("asr").name,
        temperature=round(float(divisor), 3),
        most=MOST,
    )
    describe(out / "language.onnx", about)
    sets = ((f"LibriSpeech train-clean-100 ({READERS}), one utterance a speaker", "CC BY 4.0"),)
    chosen = f"Encoder regularised with C = {strength}, odds divided by {divisor:.2f}."
    tables = f"{measured(found, encoder, speech)}\n\n{chosen}"
    write_card("language", out, (*sets, *spoken.sets()), (), tables)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    main(arguments.data, arguments.out)
