"""pyannote.audio's pipeline with random weights, loaded through the catalog: it returns the
library's own turns for the same sound, keeps little of it in memory, and sends no telemetry."""

import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from earshot.analysis.errors import Misconfigured
from earshot.analysis.findings import DiarizationFindings
from earshot.analysis.types import WHOLE, Release, SpeakerCount
from earshot.audio.clip import Clip
from earshot.compute.sound import Samples
from earshot.models.checkpoints.location import locate
from earshot.models.speakers.diarizer import SAMPLE_RATE, Diarizer
from earshot.settings import settings
from tests import chunks
from tests.sounds.synthetic import voice
from workers import diarization

pytestmark = pytest.mark.runtimes

MISSING = "the extra diarization is not installed: pip install -r requirements/diarization.txt"


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Release]]:
    """By name: ``true`` has the networks of the real one, ``light`` an embedding network that is
    quick on a CPU."""
    pytest.importorskip("pyannote.audio", reason=MISSING)
    from tests.runtimes import shelf
    from tests.runtimes.tiny import pyannote

    saved = tmp_path_factory.mktemp("saved")
    pyannote.save(saved / "true")
    pyannote.save(saved / "light", light=True)
    checkpoints = {name: ("diarization", "pyannote", saved / name) for name in ("true", "light")}
    with pytest.MonkeyPatch.context() as environment:
        yield shelf.release(checkpoints, tmp_path_factory.mktemp("home"), environment)
    settings.cache_clear()


@pytest.fixture(scope="module")
def light(stored: dict[str, Release]) -> Diarizer:
    return diarization.load(stored["light"], "cpu")


def talk(seconds: float) -> Samples:
    """Four voices in turn, five seconds each."""
    pitches = (120.0, 210.0, 90.0, 160.0)
    turns = [voice(5, pitches[index % len(pitches)]) for index in range(int(seconds // 5) + 1)]
    return np.concatenate(turns)[: int(seconds * SAMPLE_RATE)]


def clip(folder: Path, samples: Samples, speakers: SpeakerCount | None = None) -> Clip:
    path, end = chunks.stored(folder / "whole.pcm", samples), chunks.length_ms(samples)
    return Clip(chunks.chunk(end, (0, 0, end), index=WHOLE, audio_uri=path, speakers=speakers))


def found(model: Diarizer, sound: Clip) -> DiarizationFindings:
    (answer,) = diarization.analyze(model, [sound])
    assert isinstance(answer, DiarizationFindings)
    return answer


def told(findings: DiarizationFindings) -> list[set[tuple[str, int, int]]]:
    return [
        {(turn.speaker, turn.start_ms, turn.end_ms) for turn in turns}
        for turns in (findings.turns, findings.exclusive)
    ]


def by_the_library(release: Release, sound: Clip, **asked: int) -> list[set[tuple[str, int, int]]]:
    """The library's own answer, with our names for its speakers, without detections in the silence
    behind the end."""
    import torch
    from pyannote.audio import Pipeline

    pipeline = Pipeline.from_pretrained(locate(release, settings()))
    pipeline.embedding_batch_size = 6  # 32 take 2 GB on a CPU
    answer = pipeline(
        {"waveform": torch.from_numpy(sound.read()), "sample_rate": SAMPLE_RATE}, **asked
    )
    names: dict[str, str] = {}
    rows = []
    for annotation in (answer.speaker_diarization, answer.exclusive_speaker_diarization):
        spans = [
            (round(segment.start * 1000), min(round(segment.end * 1000), sound.ref.end_ms), label)
            for segment, _, label in annotation.itertracks(yield_label=True)
            if round(segment.start * 1000) < sound.ref.end_ms
        ]
        rows.append(
            {
                (names.setdefault(label, f"s{len(names)}"), start, end)
                for start, end, label in sorted(spans)
            }
        )
    return rows


def test_it_tells_what_the_library_tells(stored: dict[str, Release], tmp_path: Path) -> None:
    sound = clip(tmp_path, talk(13.3))  # the last window is filled up with silence
    heard = found(diarization.load(stored["true"], "cpu"), sound)
    assert told(heard) == by_the_library(stored["true"], sound)
    assert heard.speakers > 1
    assert len(heard.turns) > 20


@pytest.mark.parametrize("seconds", [0.5, 10, 47])
def test_sound_of_any_length(
    light: Diarizer, stored: dict[str, Release], tmp_path: Path, seconds: float
) -> None:
    sound = clip(tmp_path, talk(seconds))
    assert told(found(light, sound)) == by_the_library(stored["light"], sound)


@pytest.mark.parametrize(
    ("count", "asked"),
    [
        (SpeakerCount(min=3, max=3), {"num_speakers": 3}),
        (SpeakerCount(min=4), {"min_speakers": 4}),
        (SpeakerCount(max=1), {"max_speakers": 1}),
    ],
)
def test_it_is_believed_how_many_speak(
    light: Diarizer,
    stored: dict[str, Release],
    tmp_path: Path,
    count: SpeakerCount,
    asked: dict[str, int],
) -> None:
    sound = clip(tmp_path, talk(40), count)
    heard = found(light, sound)
    assert told(heard) == by_the_library(stored["light"], sound, **asked)
    assert (count.min or 1) <= heard.speakers <= (count.max or 9)


def test_one_at_a_time_has_no_overlap(light: Diarizer, tmp_path: Path) -> None:
    heard = found(light, clip(tmp_path, talk(40)))
    ends = [0, *(turn.end_ms for turn in heard.exclusive)]
    assert all(turn.start_ms >= end for turn, end in zip(heard.exclusive, ends, strict=False))
    assert any(
        after.start_ms < before.end_ms
        for before, after in zip(heard.turns, heard.turns[1:], strict=False)
    )
    assert {turn.speaker for turn in heard.exclusive} <= {turn.speaker for turn in heard.turns}


@pytest.mark.parametrize("at_once", [1, 2, 7])
def test_windows_do_not_depend_on_what_shares_their_pass(
    stored: dict[str, Release], at_once: int
) -> None:
    from earshot.models.pyannote.diarizer import PyannoteDiarizer

    samples = talk(25)
    answers = [
        PyannoteDiarizer(locate(stored["light"], settings()), "cpu", rows).who_spoke(
            lambda start, end: samples[start * 16 : end * 16], len(samples) // 16
        )
        for rows in (at_once, 16)
    ]
    assert answers[0] == answers[1]


class Cramped:
    """An embedding network on a device with room for so many windows: what is more is really asked
    of the system."""

    def __init__(self, embedding: object, room: int) -> None:
        self.embedding, self.room = embedding, room
        self.passes: list[int] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self.embedding, name)

    def __call__(self, sound: object, masks: object) -> object:
        rows = len(sound)
        np.zeros((int(rows > self.room), 2**60), np.int8)
        self.passes.append(rows)
        return self.embedding(sound, masks=masks)


def test_a_pass_that_does_not_fit_is_halved_and_goes_on(stored: dict[str, Release]) -> None:
    from earshot.models.pyannote.diarizer import PyannoteDiarizer

    samples = talk(25)
    whole, cramped = (
        PyannoteDiarizer(locate(stored["light"], settings()), "cpu", 16) for _ in range(2)
    )
    device = Cramped(cramped.pipeline._embedding, room=5)
    cramped.pipeline._embedding = device
    answers = [
        model.who_spoke(lambda start, end: samples[start * 16 : end * 16], len(samples) // 16)
        for model in (whole, cramped)
    ]
    assert answers[0] == answers[1]
    assert device.passes == [4, 4, 4, 4]  # of 16 windows


QUIET = """
import socket, sys
tried = []
def refuse(self, address):
    tried.append(address)
    raise OSError("no network here")
socket.socket.connect = socket.socket.connect_ex = refuse
def unresolved(host, *more, **named):
    tried.append(host)
    raise socket.gaierror(f"{host} is not resolved here")
socket.getaddrinfo = unresolved
from pathlib import Path
import numpy as np
from earshot.models.pyannote.diarizer import PyannoteDiarizer
model = PyannoteDiarizer(Path(sys.argv[1]), "cpu")
if sys.argv[2] == "told":
    import os
    os.environ["PYANNOTE_METRICS_ENABLED"] = "true"
    from pyannote.audio.telemetry import track_pipeline_init
    track_pipeline_init(model.pipeline)
noise = np.random.default_rng(0).normal(0, 0.1, 16 * 11_000).astype(np.float32)
found = model.who_spoke(lambda start, end: noise[start * 16:end * 16], 11_000)
print(len(found.turns), file=sys.stderr)
from pyannote.audio.telemetry.metrics import provider
provider.force_flush()
print(len(tried))
"""


@pytest.mark.parametrize("told", ["silent", "told"])
def test_nobody_is_told(stored: dict[str, Release], told: str) -> None:
    """Without ``HF_HUB_OFFLINE``; with the library's telemetry switched on again, as a proof that
    it would be seen."""
    argv = [
        sys.executable,
        "-W",
        "ignore",
        "-c",
        QUIET,
        str(locate(stored["light"], settings())),
        told,
    ]
    done = subprocess.run(argv, check=True, capture_output=True, text=True)
    assert (int(done.stdout) > 0) == (told == "told"), done.stderr


def test_no_more_sound_is_held_than_a_pass_takes(stored: dict[str, Release]) -> None:
    from earshot.models.pyannote.diarizer import PyannoteDiarizer

    samples, asked = talk(60), []

    def read(start_ms: int, end_ms: int) -> Samples:
        asked.append(end_ms - start_ms)
        return samples[start_ms * 16 : end_ms * 16]

    assert (
        PyannoteDiarizer(locate(stored["light"], settings()), "cpu").who_spoke(read, 60_000).turns
    )
    assert len(asked) == 2 * 51  # windows, for segmentation and for embedding
    assert set(asked) == {10_000}


def test_clusters_are_spread_as_the_library_spreads_them(
    light: Diarizer, stored: dict[str, Release]
) -> None:
    from pyannote.audio import Pipeline
    from pyannote.core import SlidingWindow, SlidingWindowFeature

    from earshot.models.pyannote.clusters import spread_over_windows

    random = np.random.default_rng(1)
    active = SlidingWindowFeature(
        random.integers(0, 2, (30, 589, 3)).astype(np.float32),
        SlidingWindow(start=0.0, duration=10.0, step=1.0),
    )
    clusters = random.integers(-2, 4, (30, 3)).astype(np.int8)
    clusters[clusters == -1] = -2
    pipeline = Pipeline.from_pretrained(locate(stored["light"], settings()))
    seen: list[object] = []
    pipeline.to_diarization = lambda table, _: seen.append(np.array([each for _, each in table]))
    pipeline.reconstruct(active, clusters.copy(), None)
    np.testing.assert_array_equal(
        np.array([each for _, each in spread_over_windows(active, clusters)]), seen[0]
    )


def test_of_many_embeddings_a_sample_is_compared() -> None:
    pytest.importorskip("pyannote.audio", reason=MISSING)
    from pyannote.audio.pipelines.clustering import VBxClustering
    from pyannote.core import SlidingWindow, SlidingWindowFeature

    from earshot.models.pyannote.clusters import MOST_CLUSTERED, clusters_in_bounds

    windows = MOST_CLUSTERED
    active = np.zeros((windows, 10, 3), np.float32)
    active[:, :5, 0] = active[:, 5:, 1] = 1
    embeddings = np.random.default_rng(0).normal(size=(windows, 3, 4))
    clustering = VBxClustering(plda=None, metric="cosine")
    clusters_in_bounds(clustering)
    segmentations = SlidingWindowFeature(active, SlidingWindow(duration=10.0, step=1.0))
    rows, window, speaker = clustering.filter_embeddings(embeddings, segmentations=segmentations)
    assert len(rows) == MOST_CLUSTERED
    assert np.array_equal(rows, embeddings[window, speaker])
    assert (window[0], window[-1]) == (0, windows - 1)


def test_a_checkpoint_that_is_no_pipeline_is_refused(
    stored: dict[str, Release], tmp_path: Path
) -> None:
    with pytest.raises(Misconfigured, match="no runtime 'nemo'"):
        diarization.load(stored["light"].model_copy(update={"runtime": "nemo"}), "cpu")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from earshot.models.pyannote.diarizer import PyannoteDiarizer
    (tmp_path / "config.yaml").write_text("pipeline: {name: somebody.elses.Class, params: {}}")
    with pytest.raises(Misconfigured, match=r"somebody\.elses\.Class"):
        PyannoteDiarizer(tmp_path, "cpu")
