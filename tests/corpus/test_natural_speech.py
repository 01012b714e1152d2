"""Speech that was not acted, through decoding, the VAD, the workers and the report: how much of it
is called emotional. The release learnt of these recordings, so the floors catch a broken judgement;
what it does on sources that it never learnt of is on its card."""

import pytest

from earshot.models.checkpoints.defaults import default_releases
from evaluation import label_map
from evaluation.choice import choose
from evaluation.figures.classified import measure
from evaluation.label_map import NATURAL
from evaluation.manifest import read
from evaluation.metrics import Natural
from evaluation.run import Trial
from tests.corpus.recorded import DATA
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
