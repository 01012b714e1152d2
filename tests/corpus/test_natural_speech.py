"""Speech that was not acted, through decoding, the VAD, the workers and the report: how much of it
is called emotional. The release learnt of these recordings but for the call, so the floors catch a
broken judgement; what it does on sources that it never learnt of is on its card."""

import numpy as np
import pytest

from earshot.models.checkpoints.defaults import default_releases
from earshot.models.runtimes import open_release
from earshot.settings import settings
from evaluation import label_map
from evaluation.choice import choose
from evaluation.figures.classified import measure
from evaluation.label_map import NATURAL
from evaluation.manifest import read
from evaluation.metrics import Natural
from evaluation.run import Trial
from tests.corpus.recorded import DATA
from training.data import dialogues
from training.data.datasets import RATE, channels
from training.recipes.emotion_on_whisper import data
from workers.direct import Analyser

pytestmark = pytest.mark.corpus

LIMIT = 100
"""Recordings, evenly over all that count as natural speech."""


@pytest.fixture(scope="module")
def natural(tmp_path_factory: pytest.TempPathFactory) -> Natural:
    mapping = label_map.read("emotion")
    rows = [row for row in read(DATA / "labels.jsonl") if mapping.truth(row).label == NATURAL]
    chosen = choose(rows, "emotion", mapping, DATA, LIMIT)
    trial = Trial(rows, DATA, {"emotion": mapping}, {"emotion": chosen}, 250)
    store = tmp_path_factory.mktemp("store")
    analyser = Analyser(f"file://{store}", {"emotion": default_releases()["emotion"]})
    tally = trial.tallies(analyser)["emotion"]
    assert not tally.left_out
    found = measure(tally, mapping).natural
    assert found is not None
    return found


def test_little_of_it_is_called_emotional(natural: Natural) -> None:
    assert natural.recordings > 0.9 * LIMIT
    assert natural.n > 100
    assert natural.called <= 0.15
    assert natural.confident <= 0.05


def test_most_of_it_gets_an_answer(natural: Natural) -> None:
    assert natural.unclear <= 0.3


def test_a_single_word_is_hardly_ever_called_emotional() -> None:
    """Pieces of 0.3 to 1.2 s of a call that the release did not learn of; each by itself."""
    model = open_release(default_releases()["emotion"], "cpu", settings())
    random = np.random.default_rng(0)
    pieces = [
        data.piece(said, random)
        for channel in channels(DATA / "callcenter/auto_repairs_40_stereo_8k.flac")
        for said in dialogues.pieces(channel)
        for _ in range(3)
    ]
    least = [model.judging.least(1_000 * len(piece) / RATE) for piece in pieces]
    shares = np.stack(model.shares(pieces))
    called = (shares.argmax(axis=1) != data.NEUTRAL) & (shares.max(axis=1) >= least)
    assert len(pieces) > 150
    assert called.mean() <= 0.1
