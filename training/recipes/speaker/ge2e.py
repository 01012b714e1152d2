"""Writes the graph of the GE2E voice encoder without its weights, which stay in the file of the
package that has them; chooses the clustering threshold, measures, and writes the card.

Wan et al. 2018, Generalized end-to-end loss for speaker verification.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from earshot.audio.features.spectra import MelSpec, slaney_areas
from earshot.compute.placed_weights import Weight
from earshot.models.checkpoints.catalog import load
from earshot.models.checkpoints.location import locate
from earshot.models.metadata import PackagedSpeakerMetadata
from earshot.models.outside_weights import open_graph
from earshot.models.speakers.embedding import SpeakerModel, described
from earshot.settings import settings
from training.data.datasets import examples
from training.fitting.card import write_card
from training.importers.torch_tensors import Placed, placed
from training.recipes.speaker.judged import TRAIN_SET, best_threshold, measured, split

SPEC = MelSpec(
    n_fft=400, window=400, hop=160, n_mels=40, fmin=0.0, fmax=8000.0, offset=1e-9, scale="librosa",
    power=2, centre=True,
)  # fmt: skip
"""As librosa computes it for Resemblyzer (audio.py): the mel power, not its logarithm."""
LEVEL = 0.063
"""RMS of its windows: -24 dBFS. Its authors raise softer recordings to -30 dBFS and leave louder
ones: without a logarithm the level counts, and a voice that comes nearer would change."""
LAYERS, WIDTH = 3, 256
GATES = (0, 3, 1, 2)
"""ONNX orders the gates of a layer as input, output, forget, cell; torch as input, forget, cell,
output."""
MEMBER = "pretrained.pt"
RELEASE = "diarization-ge2e-1"
SETS = (
    ("VoxCeleb1 and VoxCeleb2, by its authors", "CC BY 4.0; the weights Apache-2.0"),
    ("LibriSpeech train-other-500, by its authors", "CC BY 4.0"),
)
PARITY = 1e-5


def write(weights: Path, path: Path, threshold: float) -> None:
    """Writes the graph. Its initializers are named, and have places in the file of the weights in
    the place of numbers."""
    tensors = placed(weights, "model_state")
    sources = _sources(tensors)
    nodes = [
        helper.make_node("Exp", ["log_mel"], ["power"]),
        helper.make_node("Mul", ["power", "area"], ["mel"]),
        helper.make_node("Transpose", ["mel"], ["x0"], perm=[1, 0, 2]),
    ]
    for layer in range(LAYERS):
        nodes += [
            helper.make_node(
                "LSTM", [f"x{layer}", f"W{layer}", f"R{layer}", f"B{layer}"],
                [f"y{layer}", f"last{layer}"], hidden_size=WIDTH,
            ),
            helper.make_node("Squeeze", [f"y{layer}", "one"], [f"x{layer + 1}"]),
        ]  # fmt: skip
    nodes = nodes[:-1]  # of the last layer only the last state counts
    nodes += [
        helper.make_node("Squeeze", [f"last{LAYERS - 1}", "zero"], ["state"]),
        helper.make_node("Gemm", ["state", "linear", "bias"], ["projected"], transB=1),
        helper.make_node("Relu", ["projected"], ["positive"]),
        helper.make_node("LpNormalization", ["positive"], ["embedding"], axis=1, p=2),
    ]
    graph = helper.make_graph(
        nodes,
        "ge2e",
        [
            helper.make_tensor_value_info(
                "log_mel", TensorProto.FLOAT, ["batch", "frames", SPEC.n_mels]
            )
        ],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", WIDTH])],
        [
            numpy_helper.from_array(slaney_areas(SPEC), "area"),
            numpy_helper.from_array(np.array([1]), "one"),
            numpy_helper.from_array(np.array([0]), "zero"),
            *(_outside(name, weight) for name, weight in sources.items()),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    found = PackagedSpeakerMetadata(
        mel=SPEC, level=LEVEL, threshold=threshold, member=MEMBER, weights=sources
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(path))
    path.with_suffix(".json").write_text(found.model_dump_json(indent=1, exclude_unset=True) + "\n")


def _sources(tensors: dict[str, Placed]) -> dict[str, Weight]:
    found = {}
    for layer in range(LAYERS):
        of = {
            "W": [f"lstm.weight_ih_l{layer}"],
            "R": [f"lstm.weight_hh_l{layer}"],
            "B": [f"lstm.bias_ih_l{layer}", f"lstm.bias_hh_l{layer}"],
        }
        for kind, names in of.items():
            rows, *columns = tensors[names[0]].shape
            shape = (1, rows * len(names), *columns)
            offsets = tuple(tensors[name].offset for name in names)
            found[f"{kind}{layer}"] = Weight(offsets=offsets, shape=shape, gates=GATES)
    for name, source in (("linear", "linear.weight"), ("bias", "linear.bias")):
        found[name] = Weight(offsets=(tensors[source].offset,), shape=tensors[source].shape)
    return found


def _outside(name: str, weight: Weight) -> onnx.TensorProto:
    tensor = onnx.TensorProto(name=name, data_type=TensorProto.FLOAT, dims=weight.shape)
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=MEMBER)
    return tensor


def parity(model: SpeakerModel, weights: Path) -> float:
    """Largest difference of an embedding from that of torch, on random spectrograms.

    Raises:
        ValueError: it is larger than ``PARITY``.
    """
    state = torch.load(weights, map_location="cpu", weights_only=True)["model_state"]
    lstm, linear = (
        torch.nn.LSTM(SPEC.n_mels, WIDTH, LAYERS, batch_first=True),
        torch.nn.Linear(WIDTH, WIDTH),
    )
    for name, module in (("lstm.", lstm), ("linear.", linear)):
        module.load_state_dict(
            {key.removeprefix(name): value for key, value in state.items() if key.startswith(name)}
        )
    log_mel = np.random.default_rng(0).normal(-4, 3, (8, 151, SPEC.n_mels)).astype(np.float32)
    with torch.no_grad():
        last = lstm(torch.from_numpy(np.exp(log_mel) * slaney_areas(SPEC)))[1][0][-1]
        expected = torch.nn.functional.normalize(torch.relu(linear(last)), dim=1).numpy()
    distance = float(np.abs(model.embed(log_mel) - expected).max())
    if distance > PARITY:
        raise ValueError(
            f"an embedding is {distance:.1e} away from torch's; do not ship this graph"
        )
    return distance


def main(data: Path, out: Path) -> None:
    """Writes the graph, chooses its threshold, measures, and writes the card."""
    entry = next(entry for entry in load() if entry.name == RELEASE)
    folder = locate(entry.release(), settings())
    graph, weights = out / "voices.onnx", folder / MEMBER
    write(weights, graph, threshold=0.0)
    model = described(
        *open_graph(graph, graph.with_suffix(".json"), PackagedSpeakerMetadata, folder)
    )
    distance = parity(model, weights)
    _, held = split(examples(data, TRAIN_SET))
    model = replace(model, threshold=best_threshold(model, held))
    write(weights, graph, model.threshold)
    chosen = (
        f"Clustering threshold {model.threshold} chosen on conversations of {len(held)} other"
        f" speakers, near and far. Largest difference of an embedding from torch's: {distance:.1e}."
    )
    write_card("voices", out, SETS, (), f"{measured(model, data)}\n\n{chosen}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    main(arguments.data, arguments.out)
