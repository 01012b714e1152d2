"""Sentiment of the voice: the classifiers of the embedded checkpoint's recipe, for customers and
agents, on features of utterances."""

from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np

from earshot.analysis.errors import Misconfigured
from earshot.audio.features import utterance
from earshot.models.checkpoints.export import check_parity
from training.data import emotional_speech, lines
from training.data.datasets import RATE, indices
from training.fitting.prior import Held, Prior, fitted
from training.recipes.sentiment.data import LABELS, NOTHING, Speech, lesson
from training.recipes.sentiment.role_models import RECIPES, TREES, RoleModel
from training.recipes.sentiment.train import save
from training.trainers.data.features import Arrays, Extractor, Floats, features
from training.trainers.data.recordings import Recording
from training.trainers.exports import into
from training.trainers.machine import deterministic
from training.trainers.models.windowed import judged
from training.trainers.options import Options
from training.trainers.trained import Model
from training.trainers.trainer import Job, Labelled, Product

CHECKPOINT = "sentiment.onnx"
TAKES = max(recipe.takes for recipe in RECIPES.values())
ROUNDED = 2
"""Decimals of the rows that exports are compared on a second time: trees decide at equal values."""


class SentimentTrainer(Labelled):
    """``earshot train sentiment``."""

    model: Model = "sentiment"
    analysis = "sentiment"
    runtime = "onnx"

    def known(self, options: Options) -> tuple[str, ...]:
        return LABELS

    def features(self, options: Options) -> dict[str, Any]:
        return {"features": utterance.FEATURES, "takes": TAKES, "trimmed": True}

    def train(self, job: Job) -> Product:
        if job.start is not None:
            raise Misconfigured("base", "sentiment is fitted anew each time; leave --base out")
        absent = [label for label in LABELS if label not in job.labels]
        if absent:
            raise Misconfigured(
                "data", f"no recording is labelled {', '.join(absent)}; all three are needed"
            )
        options = job.options
        deterministic(options.seed, options.threads)
        extractor = Extractor(self.features(options), _vectors, RATE, options.longest)
        recordings = (*job.split.train, *job.split.val)
        found = features(recordings, extractor, job.cache, options.workers, job.watch)
        count = len(job.split.train)
        random = np.random.default_rng(options.seed)
        nothing = np.stack(
            [
                utterance.describe(sound, RATE)
                for sound in emotional_speech.no_speech(random, NOTHING)
            ]
        )
        train, val = (
            _speech(side, part, nothing)
            for side, part in ((job.split.train, found[:count]), (job.split.val, found[count:]))
        )
        models: dict[str, RoleModel] = {}
        priors: dict[str, Prior] = {}
        metrics: dict[str, float] = {}
        for role, recipe in RECIPES.items():
            with job.watch.stage(f"fitting {role}"):
                job.watch.check()
                everything = np.ones(len(train.truth), bool)
                models[role] = recipe.fit(lesson(recipe, train, everything))
                scores = models[role].scores(val.judged)
                priors[role] = _prior(val, scores)
                figures = judged(priors[role].shares(scores), val.truth)
                metrics |= {
                    f"{role}_val_loss": figures.loss,
                    f"{role}_val_acc": figures.accuracy,
                    f"{role}_val_uar": figures.uar,
                }
        with job.watch.stage("exporting"), into(job.out / CHECKPOINT) as path:
            save(models, path, train.judged[:64], priors)
            rows = np.round(val.judged, ROUNDED)
            biased = {role: m.biased(priors[role].bias) for role, m in models.items()}
            expected = {role: m.scores(rows) for role, m in biased.items()}
            check_parity(path, rows, expected, tolerance=1 / TREES, compared=np.exp)
        metrics["recordings"] = float(len(val.truth))
        return Product(CHECKPOINT, LABELS, metrics, job.watch.seconds)


def _prior(val: Speech, scores: Floats) -> Prior:
    """Bias, temperature and least share of an answer, fitted on the validation part."""
    held = Held(val.truth, scores, val.sources, val.natural, val.domain)
    return fitted(held, natural_share=0.0)


def _vectors(sound: Floats, random: np.random.Generator) -> Arrays:
    """As recorded, through a codec, slower: the takes that the recipes use."""
    plain = emotional_speech.trimmed(sound)
    others = islice(emotional_speech.takes(plain, random), 1, TAKES - 1)
    takes = [plain, lines.line(plain, random), *others]
    return {"takes": np.stack([utterance.describe(take, RATE) for take in takes])}


def _speech(recordings: Sequence[Recording], found: Sequence[Arrays], nothing: Floats) -> Speech:
    """Recordings as the recipe's data.

    Args:
        nothing: features of generated sounds without speech.
    """
    takes = np.stack([each["takes"] for each in found], axis=1)
    truth = indices(LABELS, [each.label for each in recordings])
    count = len(recordings)
    return Speech(
        judged=takes[0],
        over_line=takes[1],
        takes=takes,
        nothing=nothing,
        truth=truth,
        kind=truth,
        groups=np.array([each.group for each in recordings]),
        sources=np.array(["own"] * count),
        domain=np.zeros(count, np.int64),
        natural=np.zeros(count, bool),
    )
