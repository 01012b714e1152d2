"""Trains a head for emotion over the lower layers of Whisper base's encoder, judges it on speakers,
corpora and natural speech that it was not trained on, and writes its card.

python -m training.recipes.emotion_on_whisper.train --data ../shared/data
    --out outputs/emotion_on_whisper --model .earshot/models/whisper-base/model.bin
"""

import argparse
from pathlib import Path

import numpy as np

from earshot.compute import onnx_runtime
from earshot.compute.placed_weights import numbers
from earshot.models.checkpoints.catalog import load as load_catalog
from earshot.models.checkpoints.location import locate
from earshot.models.metadata import EmotionHeadMetadata
from earshot.settings import settings
from evaluation.measures.classification import Evaluation, evaluate, save_json
from training.data import emotional_speech
from training.fitting.card import write_card
from training.importers.ct2_tensors import Placed, placed
from training.recipes.emotion_on_whisper import data, graph, sections
from training.recipes.emotion_on_whisper.data import LABELS, LAYERS, LEVEL, Utterances
from training.recipes.emotion_on_whisper.front_end import SPEC
from training.recipes.emotion_on_whisper.head import Head
from training.recipes.emotion_on_whisper.protocol import RECORDED, SHORT, TELEPHONE, Protocol

NAME = "emotion_on_whisper"
RELEASE = "emotion-whisper-1"
MEMBER = "model.bin.part2"
FIRST_BYTE = 94_371_840
"""Of ``MEMBER`` in the whole model, of which the other package has the part before."""
SETS = (
    *emotional_speech.SETS,
    (
        "natural speech: LibriSpeech, LibriVox, AMI, calls (training/data/natural.toml)",
        "CC BY 4.0, public domain, and not stated",
    ),
    ("Whisper base's encoder: 680,000 hours of the web, by its authors", "MIT"),
)


def tensors(whole: Path) -> dict[str, Placed]:
    """Places of the encoder's tensors in the model of which ``MEMBER`` is the second part."""
    return placed(whole, "encoder/")


def measured(protocol: Protocol) -> list[Evaluation]:
    """Quality on acted speech."""
    found, labelled = protocol.found, protocol.labelled
    results = []
    for take, title in (
        (RECORDED, "as recorded"),
        (TELEPHONE, "through a telephone codec"),
        (SHORT, "pieces of 0.3 to 1.2 s"),
    ):
        shares = protocol.by_fold(labelled, take)
        results.append(
            _of_rows(f"unseen speakers, {title}", found, np.flatnonzero(labelled), shares)
        )
        parts = list(protocol.unseen_corpora(take))
        rows = np.concatenate([np.flatnonzero(protocol.of(corpus)) for corpus, _, _ in parts])
        shares = np.concatenate([each for _, each, _ in parts])
        least = np.concatenate([least for _, _, least in parts])
        answered = shares.max(axis=1) >= least
        results.append(_of_rows(f"unseen corpora, {title}, every answer", found, rows, shares))
        name = f"unseen corpora, {title}, answered ({answered.mean():.3f})"
        results.append(_of_rows(name, found, rows[answered], shares[answered]))
    for corpus, each, _ in protocol.unseen_corpora(RECORDED):
        rows = np.flatnonzero(protocol.of(corpus))
        results.append(_of_rows(f"unseen corpus, {corpus}", found, rows, each))
    known = protocol.known_voices()
    rows = np.flatnonzero(labelled)
    results.append(_of_rows("unseen corpora, of a known voice, every answer", found, rows, known))
    least = protocol.calibration.least(found.seconds[RECORDED, rows])
    answered = known.max(axis=1) >= least
    name = f"unseen corpora, of a known voice, answered ({answered.mean():.3f})"
    results.append(_of_rows(name, found, rows[answered], known[answered]))
    return results


def _of_rows(title: str, found: Utterances, rows: np.ndarray, shares: np.ndarray) -> Evaluation:
    return evaluate(title, LABELS, found.kind[rows], shares, found.voice[rows])


def save(protocol: Protocol, whole: Path, out: Path) -> None:
    """Writes the graph with the shipped head, and its metadata."""
    found = protocol.found
    head = protocol.head(protocol.shipped, np.ones(len(found.kind), bool))
    encoder = graph.Encoder(tensors(whole), FIRST_BYTE)
    built = _graph(encoder, head)
    natural = found.natural
    judging = protocol.judging(protocol.by_fold(natural, RECORDED), natural)
    described = EmotionHeadMetadata(
        labels=LABELS,
        mel=SPEC,
        mel_level=LEVEL,
        temperature=tuple(round(float(x), 4) for x in protocol.calibration.temperature),
        answered_from=judging.answered_from,
        short=judging.short,
        short_ms=judging.short_ms,
        ordinary=tuple(judging.ordinary.values()),
        ordinary_ms=judging.ordinary_ms,
        kept=judging.kept,
        neutral_share=round(protocol.neutral_share, 4),
        member=MEMBER,
        weights=encoder.weights,
    )
    graph.save(out / f"{NAME}.onnx", built)
    (out / f"{NAME}.json").write_text(
        described.model_dump_json(indent=1, exclude_unset=True) + "\n", encoding="utf-8"
    )


def _graph(encoder: graph.Encoder, head: Head) -> object:
    """The encoder up to the head's layer, and the head."""
    x = encoder.stem("log_mel")
    for number in range(head.candidate.layer):
        x = encoder.layer(x, number)
    weight, bias = encoder.constant("head", head.weight), encoder.constant("head_bias", head.bias)
    encoder.node("Gemm", encoder.pooled(x), weight, bias)
    encoder.nodes[-1].output[0] = "emotion_logits"
    return graph.model(encoder, {"emotion_logits": len(LABELS)})


def features(root: Path, whole: Path, out: Path) -> Utterances:
    """The features of all utterances, kept for another run."""
    kept = out / "kept" / "features.npz"
    if not kept.exists():
        encoder = graph.Encoder(tensors(whole), FIRST_BYTE)
        graph.save(out / "kept" / "encoder.onnx", graph.build(encoder, LAYERS))
        weights = {key: numbers(package() / MEMBER, each) for key, each in encoder.weights.items()}
        session = onnx_runtime.session(out / "kept" / "encoder.onnx", weights=weights)
        data.save(kept, data.read(root, session))
    return data.load(kept)


def package() -> Path:
    """Folder of the installed package with the weights."""
    entry = next(each for each in load_catalog() if each.name == RELEASE)
    return locate(entry.release().model_copy(update={"labels": ()}), settings())


def main(root: Path, whole: Path, out: Path) -> None:
    """Judges, trains on everything, exports, writes the card."""
    protocol = Protocol(features(root, whole, out))
    results = measured(protocol)
    save(protocol, whole, out)
    save_json(out / "evaluation.json", results)
    write_card(NAME, out, SETS, results, extra=sections.natural(protocol))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--model", type=Path, required=True, help="model.bin of whisper-base, as pulled"
    )
    arguments = parser.parse_args()
    main(arguments.data, arguments.model, arguments.out)
