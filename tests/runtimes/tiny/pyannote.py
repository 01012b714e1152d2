"""A speaker diarization pipeline of pyannote.audio with random weights, saved as the hub lays
community-1 out: config.yaml, and a folder each for segmentation, embedding and PLDA."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from lightning.pytorch import Trainer
from pyannote.audio.core.task import Problem, Resolution, Specifications
from pyannote.audio.models.embedding import WeSpeakerResNet34, XVectorSincNet
from pyannote.audio.models.segmentation import PyanNet

from tests.sounds.synthetic import voice

CONFIG: dict[str, Any] = {
    "dependencies": {"pyannote.audio": "4.0.0"},
    "pipeline": {
        "name": "pyannote.audio.pipelines.SpeakerDiarization",
        "params": {
            "clustering": "VBxClustering",
            "segmentation": "$model/segmentation",
            "segmentation_batch_size": 32,
            "embedding": "$model/embedding",
            "embedding_batch_size": 32,
            "embedding_exclude_overlap": True,
            "plda": "$model/plda",
        },
    },
    "params": {
        "clustering": {"threshold": 0.6, "Fa": 0.07, "Fb": 0.8},
        "segmentation": {"min_duration_off": 0.0},
    },
}


def save(folder: Path, *, hidden: int = 32, layers: int = 2, light: bool = False) -> None:
    """
    Args:
        hidden, layers: of the segmentation's LSTM; 128 and 4 in the real one.
        light: an x-vector network in the place of the ResNet, for tests that need many windows and
            no true embedding.
    """
    torch.manual_seed(7)
    logging.getLogger("lightning.pytorch").setLevel(
        logging.WARNING
    )  # of the trainer that only writes files here
    folder.mkdir(parents=True)
    lstm = {
        "hidden_size": hidden,
        "num_layers": layers,
        "bidirectional": True,
        "monolithic": True,
        "dropout": 0.0,
    }
    segmentation = PyanNet(lstm=lstm)
    segmentation.specifications = Specifications(
        problem=Problem.MONO_LABEL_CLASSIFICATION,
        resolution=Resolution.FRAME,
        duration=10.0,
        classes=["speaker#1", "speaker#2", "speaker#3"],
        powerset_max_classes=2,
        permutation_invariant=True,
    )
    segmentation.setup()
    _liven(segmentation)
    embedding = XVectorSincNet() if light else WeSpeakerResNet34()
    embedding.specifications = Specifications(
        problem=Problem.REPRESENTATION,
        resolution=Resolution.CHUNK,
        duration=5.0,
        classes=["someone"],
    )
    embedding.setup()
    for name, model in (("segmentation", segmentation), ("embedding", embedding)):
        (folder / name).mkdir()
        trainer = Trainer(
            accelerator="cpu", logger=False, enable_checkpointing=False, enable_model_summary=False
        )
        trainer.strategy.connect(model)
        trainer.save_checkpoint(folder / name / "pytorch_model.bin", weights_only=True)
    _plda(folder / "plda", embedding.dimension)
    (folder / "config.yaml").write_text(yaml.safe_dump(CONFIG))


def _liven(segmentation: PyanNet) -> None:
    """Takes away what all sounds have in common, and blows up the rest, so that speakers come and
    go with the sound."""
    classifier, segmentation.activation = segmentation.classifier, torch.nn.Identity()
    with torch.inference_mode():
        logits = segmentation.eval()(
            torch.from_numpy(np.concatenate([voice(5), voice(5, 210)]))[None, None]
        )
    segmentation.activation = segmentation.default_activation()
    with torch.no_grad():
        classifier.bias -= logits.mean(dim=(0, 1))
        scale = 3.0 / logits.std(dim=(0, 1))
        classifier.weight *= scale[:, None]
        classifier.bias *= scale


def _plda(folder: Path, size: int, kept: int = 128) -> None:
    """Transforms of the true shapes; the between-class variances fall, as those of a fitted PLDA
    do."""
    random = np.random.default_rng(3)
    folder.mkdir()
    np.savez(
        folder / "xvec_transform.npz",
        mean1=0.01 * random.standard_normal(size),
        mean2=0.01 * random.standard_normal(kept),
        lda=np.linalg.qr(random.standard_normal((size, kept)))[0],
    )
    np.savez(
        folder / "plda.npz",
        mu=0.01 * random.standard_normal(kept),
        tr=np.linalg.qr(random.standard_normal((kept, kept)))[0],
        psi=np.geomspace(8.0, 0.1, kept),
    )
