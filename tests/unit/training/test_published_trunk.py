"""The trunk read back from a checkpoint is the one that it was exported from."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from earshot.models.checkpoints.export import export_torch
from earshot.models.checkpoints.location import MODELS
from training.recipes.trunk.student_net import embedded, named, untrained, with_trunk

pytestmark = pytest.mark.ml
EMBEDDED = MODELS / "embedded"
INPUTS = np.random.default_rng(0).normal(-3, 1.5, (4, 96, 64)).astype(np.float32)


def test_an_export_gives_its_trunk_back(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = untrained()
    net.train()
    net.net.embed(torch.from_numpy(INPUTS))  # normalisation has statistics to fold
    head = torch.nn.Linear(1024, 3)
    export_torch(named(net.eval(), head), tmp_path / "net.onnx", INPUTS, ("log_mel", "logits"))
    found = embedded(with_trunk(tmp_path / "net.onnx"), INPUTS)
    np.testing.assert_allclose(found, embedded(net, INPUTS), atol=1e-4)


def test_noise_and_scene_stand_on_one_trunk() -> None:
    noise, scene = (
        embedded(with_trunk(EMBEDDED / f"{n}.onnx"), INPUTS) for n in ("noise", "scene")
    )
    np.testing.assert_allclose(noise, scene, atol=1e-5)
