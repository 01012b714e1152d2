"""Speech recognition where a full job really does not fit into memory: the system refuses it, and
it goes on in halves."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from earshot.analysis.types import Release
from earshot.models.checkpoints.location import locate
from earshot.settings import settings

pytestmark = pytest.mark.runtimes

CHUNKS = 16

CRAMPED = """
import json, re, resource, sys
from pathlib import Path
from earshot.audio.clip import Clip
from earshot.models.asr.transformers_ctc import TransformersCtc
from tests import chunks
from tests.chunks import length_ms, stored
from tests.sounds.synthetic import white_noise
from workers import asr
from workers.asr.routes import Recognisers
from workers.run import run_clips
from earshot.analysis.errors import Transient

folder, store, room_mb = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])

class Counting(TransformersCtc):
    passes = []
    def emissions(self, stretches):
        self.passes.append(len(stretches))
        return super().emissions(stretches)

class One:
    name, hotwords = "ctc", ()
    def __init__(self, model):
        self.model = model
    def of(self, language):
        return self.name, self.model

def chunk(index):
    sound = white_noise((20_000 + 100 * index) / 1000, 0.09, seed=index)
    path, end = stored(store / f"{index}.pcm", sound), length_ms(sound)
    return Clip(chunks.chunk(end, (0, 0, end), index=index, audio_uri=path, language="ary"))

clips = [chunk(index) for index in range(int(sys.argv[4]))]
model = Counting(folder, "cpu")
asr.analyze(One(model), clips[:1])  # whatever is loaded late is loaded now
model.passes.clear()
if room_mb:
    held = int(re.search(r"VmSize:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024
    resource.setrlimit(resource.RLIMIT_AS, (held + (room_mb << 20), resource.RLIM_INFINITY))
outcomes = run_clips("asr", asr, One(model), clips, (Transient,))
print(json.dumps([model.passes, [each.model_dump(mode="json") for each in outcomes]]))
"""


def heard(folder: Path, store: Path, room_mb: int) -> tuple[list[int], list[dict[str, object]]]:
    """Rows of each pass, and the outcomes. ``room_mb``: what the process may take beyond what it
    holds once loaded; 0: all."""
    argv = [
        sys.executable,
        "-W",
        "ignore",
        "-c",
        CRAMPED,
        str(folder),
        str(store),
        str(room_mb),
        str(CHUNKS),
    ]
    done = subprocess.run(argv, check=True, capture_output=True, text=True)
    passes, outcomes = json.loads(done.stdout.splitlines()[-1])
    return passes, outcomes


def test_a_job_that_does_not_fit_goes_on_in_halves(
    releases: dict[str, Release], tmp_path: Path
) -> None:
    free, whole = heard(locate(releases["ctc"], settings()), tmp_path, 0)
    assert free == [CHUNKS]
    passes, outcomes = heard(locate(releases["ctc"], settings()), tmp_path, 500)
    assert passes[0] == CHUNKS
    assert passes[1] == CHUNKS // 2
    assert len(passes) < 2 * CHUNKS, passes
    assert {each["status"] for each in outcomes} == {"succeeded"}
    assert [len(each["findings"]["words"]) for each in outcomes] == [
        len(each["findings"]["words"]) for each in whole
    ]
