"""Trains the text sentiment of English calls, and measures it beside VADER.

python -m training.recipes.text_sentiment.train --out outputs/text_sentiment
python -m training.fitting.publish outputs/text_sentiment/text_sentiment.onnx
"""

import argparse
from pathlib import Path

import numpy as np
from scipy import sparse
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from earshot.compute import onnx_runtime
from earshot.models.calibration import calibrate
from earshot.models.metadata import TextSentimentMetadata
from earshot.models.onnx_model import OnnxModel
from earshot.models.scoring import softmax
from earshot.models.text.linear import LinearText
from earshot.models.text.ngrams import FEATURES
from evaluation.measures.classification import evaluate
from training.fitting.card import write_card
from training.recipes.text_sentiment import measured
from training.recipes.text_sentiment.fitted import COMPOSED, Floats, Ints, Matrix, fit, save
from training.recipes.text_sentiment.sentences import LABELS, composed, written

FOLDS = 5
SETS = (
    ("sentences of the project: negative.txt, neutral.txt, positive.txt and grammar.toml", "MIT"),
    ("valences of words of VADER 3.3.2 (vaderSentiment, C. J. Hutto), as prior knowledge", "MIT"),
)


def out_of_fold(rows: sparse.csr_matrix, truth: Ints, weight: Floats, count: int) -> Floats:
    """Logits of the ``count`` written sentences, which come first: each by a model that has not
    learnt it. Composed ones are learnt in every fold."""
    fold = np.random.default_rng(0).integers(0, FOLDS, count)
    found = np.zeros((count, len(LABELS)))
    for k in range(FOLDS):
        learn = np.ones(len(truth), bool)
        learn[:count] = fold != k
        model = fit(rows[learn], truth[learn], weight[learn])
        found[fold == k] = model.decision_function(rows[:count][fold == k])
    return found


def main(out: Path) -> None:
    """Trains, exports, measures, and writes the card."""
    own = written()
    sentences = [*own, *composed(seed=1)]
    truth = measured.truth_of([each.label for each in sentences])
    weight = np.where(np.arange(len(sentences)) < len(own), 1.0, COMPOSED)
    lexicon = {
        word: valence
        for word, valence in SentimentIntensityAnalyzer().lexicon.items()
        if word.isalpha()
    }
    matrix = Matrix([each.text for each in sentences], lexicon)
    dev = out_of_fold(matrix.rows, truth, weight, len(own)).astype(np.float32)
    own_truth = truth[: len(own)]
    temperature = calibrate(own_truth, dev, np.arange(len(own)))
    lines = matrix.lines(fit(matrix.rows, truth, weight)).without_twins()
    about = TextSentimentMetadata(
        labels=LABELS, features=FEATURES, languages=("en",), temperature=temperature
    )
    path = out / "text_sentiment.onnx"
    save(lines, path, about)
    model = LinearText(
        OnnxModel(onnx_runtime.session(path), path.stem, LABELS, {}), temperature, ("en",)
    )
    for each in own[:50]:
        gap = np.abs(model.logits(each.text) - lines.logits(each.text)).max()
        if gap > 0.05:
            raise ValueError(f"the graph is {gap:.3f} away from the model: {each.text}")
    rows = measured.held()
    asked = measured.truth_of([row.label for row in rows])
    shares = np.stack([model.shares(row.text) for row in rows])
    texts = [row.text for row in rows]
    vader = measured.by_vader(texts)
    ours = shares.argmax(axis=1)
    groups = np.array(texts)
    results = (
        evaluate("Sentences of call centres", LABELS, asked, shares, groups),
        evaluate(
            "Training sentences, out of fold", LABELS, own_truth, softmax(dev, temperature),
            np.arange(len(own)),
        ),
    )  # fmt: skip
    extra = (
        f"### Beside VADER\n\n{measured.compared(asked, ours, vader)}\n\n"
        f"Share of right answers by kind of sentence:\n\n"
        f"{measured.by_kind(rows, asked, ours, vader)}\n\n"
        f"VADER on the training sentences: macro F1"
        f" {measured.macro_f1(own_truth, measured.by_vader([each.text for each in own])):.3f}."
    )
    write_card("text_sentiment", out, SETS, results, extra)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    main(parser.parse_args().out)
