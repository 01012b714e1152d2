"""The released checkpoints on recorded sound. Floors are loose: they catch labels in a wrong order,
a changed front end or a checkpoint of another run. Quality on unseen speakers is in the cards, from
cross-validation."""

import uuid
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from earshot.analysis.emotion.findings import EmotionFindings
from earshot.analysis.findings import SceneFindings, SentimentFindings
from earshot.analysis.noise_findings import NoiseFindings
from earshot.analysis.report.voices import sentiment_of
from earshot.analysis.types import Release
from earshot.audio.clip import Clip
from earshot.compute import cache
from earshot.models.checkpoints.catalog import load
from earshot.models.checkpoints.defaults import default_releases
from earshot.models.checkpoints.location import sha256
from earshot.models.metadata import HeadMetadata
from earshot.models.onnx_model import open_model
from earshot.models.sound.noise_on_yamnet import on_base
from earshot.settings import settings
from tests.chunks import chunk, stored
from tests.corpus.recorded import DATA, SHARED
from training.data import emotional_speech
from training.data.datasets import RATE, Example, examples, labelled, waveform
from training.recipes.scene import sounds
from workers import emotion, noise, scene, sentiment
from workers.direct import Analyser

pytestmark = pytest.mark.corpus


def clip(row: Example, folder: Path) -> Clip:
    """The recording as a chunk of its own; all of it is speech of nobody's role."""
    samples = waveform(row.path)
    # Not named after the recording: file names of the sets hold signs that a URI escapes.
    path = stored(folder / f"{uuid.uuid4()}.pcm", samples)
    end = len(samples) * 1000 // RATE
    speech = [(0, 0, end)] if row.source.startswith("emotion/") else []
    return Clip(chunk(end, *speech, audio_uri=path))


def spread(rows: Sequence[Example], each: int) -> list[Example]:
    """Some rows of every label, evenly over the set."""
    labels = sorted({row.label for row in rows})
    chosen = []
    for label in labels:
        of_label = [row for row in rows if row.label == label]
        chosen += of_label[:: max(len(of_label) // each, 1)][:each]
    return chosen


def share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits)


def test_scene_hears_what_people_heard_on_recordings_it_was_not_fitted_on(tmp_path: Path) -> None:
    rows = labelled(DATA, "scene", default_releases()["scene"].labels, "scene/pyaudio3")
    model = scene.load(default_releases()["scene"], "cpu")
    found = scene.analyze(model, [clip(row, tmp_path) for row in rows])
    assert len(rows) == 90
    assert (
        share(
            [
                isinstance(f, SceneFindings) and f.label == row.label
                for f, row in zip(found, rows, strict=True)
            ]
        )
        > 0.75
    )


def test_scene_agrees_with_its_teacher(tmp_path: Path) -> None:
    if not (SHARED / "models").is_dir():
        pytest.skip(f"YAMNet is not at {SHARED / 'models'}")
    rows = spread(sounds.recordings(DATA), 12)
    clips = [clip(row, tmp_path) for row in rows]
    own = scene.analyze(scene.load(default_releases()["scene"], "cpu"), clips)
    teachers = scene.analyze(scene.load(yamnet(), "cpu"), clips)
    labels = [
        [found.label for found in answers if isinstance(found, SceneFindings)]
        for answers in (own, teachers)
    ]
    assert share([a == b for a, b in zip(*labels, strict=True)]) > 0.7


def test_yamnet_names_what_it_hears(tmp_path: Path) -> None:
    (row,) = spread([row for row in examples(DATA, "noise/esc10") if row.label == "dog_bark"], 1)
    (found,) = scene.analyze(scene.load(yamnet(), "cpu"), [clip(row, tmp_path)])
    assert isinstance(found, SceneFindings)
    assert found.label == "noise"
    assert {"Dog", "Bark", "Animal"} & {heard.label for heard in found.raw[:5]}
    assert any(event.label == "noise" for event in found.events)


def yamnet() -> Release:
    """The catalog's entry, where its file lies beside the project."""
    path = SHARED / "models/yamnet/yamnet.onnx"
    if not path.is_file():
        pytest.skip(f"YAMNet is not at {path}")
    entry = next(entry for entry in load() if entry.name == "yamnet-1")
    return entry.release().model_copy(update={"uri": str(path)})


def test_noise_knows_the_sounds_it_was_taught(tmp_path: Path) -> None:
    names = {
        "dog_bark": "dog_barking",
        "rain": "rain_heavy",
        "baby_cry": "baby_crying",
        "sea_waves": "ocean_waves",
    }
    rows = [row for row in spread(examples(DATA, "noise/esc10"), 8) if row.label in names]
    found = noise.analyze(
        noise.load(default_releases()["noise"], "cpu"), [clip(row, tmp_path) for row in rows]
    )
    hits = [
        isinstance(f, NoiseFindings) and f.label == names[row.label]
        for f, row in zip(found, rows, strict=True)
    ]
    assert share(hits) > 0.7
    assert all(isinstance(f, NoiseFindings) and f.bandwidth_limited for f in found)


def test_noise_on_yamnet_names_sounds_of_a_set_that_it_never_heard(tmp_path: Path) -> None:
    """Nothing of scene/ibm_max is in what the head was fitted on. Its crowds get the name of the
    one crowd that it knows."""
    if not (SHARED / "models").is_dir():
        pytest.skip(f"YAMNet is not at {SHARED / 'models'}")
    head = open_model(default_of("noise-yamnet-2"), settings())
    base = SHARED / "models/yamnet/yamnet.onnx"
    hears = on_base(
        open_model(
            Release(analysis="noise", name="b", runtime="onnx", uri=str(base), sha256=sha256(base)),
            settings(),
        ),
        head,
    )
    model = noise.NoiseModel(hears, 25, head.metadata(HeadMetadata).pooled_temperature)
    wanted = dict.fromkeys(("car-horn", "gunshots", "snoring", "train", "typing"), "mixed_noise")
    wanted |= {"rain": "rain_heavy", "applause": "crowd_talking", "crowd_cheering": "crowd_talking"}
    rows = [row for row in examples(DATA, "scene/ibm_max") if row.path.stem in wanted]
    found = noise.analyze(model, [clip(row, tmp_path) for row in rows])
    assert len(rows) == len(wanted)
    assert [f.label for f in found if isinstance(f, NoiseFindings)] == [
        wanted[row.path.stem] for row in rows
    ]


def test_a_call_in_which_people_talk_is_not_silence(tmp_path: Path) -> None:
    """Speech fills 94 % of it, and 48 dB lie between speech and pauses."""
    analyser = Analyser(f"file://{tmp_path}", {"noise": default_releases()["noise"]})
    call = DATA / "callcenter/auto_repairs_40_stereo_8k.flac"
    times: Counter[str] = Counter()
    for _, found in analyser.analyse(call).evidence.found("noise", NoiseFindings):
        for each in found.intervals:
            times[each.label] += each.end_ms - each.start_ms
    assert times["no_noise"] > 0.7 * times.total()
    assert times["silence"] < 0.05 * times.total()
    assert times["ocean_waves"] + times["crowd_talking"] == 0


def default_of(name: str) -> Release:
    return next(entry for entry in load() if entry.name == name).release()


def test_emotion_is_far_above_chance(tmp_path: Path) -> None:
    rows = spread(
        emotional_speech.utterances(DATA, "emotion", default_releases()["emotion"].labels), 12
    )
    found = emotion.analyze(
        emotion.load(default_releases()["emotion"], "cpu"), [clip(row, tmp_path) for row in rows]
    )
    hits = [
        isinstance(f, EmotionFindings) and f.overall.label == row.label
        for f, row in zip(found, rows, strict=True)
    ]
    assert share(hits) > 0.5


def test_both_sentiment_models_are_far_above_chance(tmp_path: Path) -> None:
    rows = spread(
        emotional_speech.utterances(DATA, "sentiment", default_releases()["sentiment"].labels), 20
    )
    model = cache.get(sentiment.load, default_releases()["sentiment"], "cpu")
    hits: dict[str, list[bool]] = {"customer": [], "agent": []}
    for row, found in zip(
        rows, sentiment.analyze(model, [clip(row, tmp_path) for row in rows]), strict=True
    ):
        assert isinstance(found, SentimentFindings)
        for answer in found.utterances:
            hits[answer.role].append(
                max(answer.scores, key=lambda label: answer.scores[label]) == row.label
            )
    assert all(np.mean(of_role) > 0.55 for of_role in hits.values())


def test_natural_speech_is_mostly_neutral_or_unclear_to_sentiment(tmp_path: Path) -> None:
    """A support call and meetings, in which nobody acts."""
    files = [DATA / "callcenter/auto_repairs_40_stereo_8k.flac"]
    files += sorted((DATA / "diarization/ami_debug").glob("*.flac"))
    analyser = Analyser(f"file://{tmp_path}", {"sentiment": default_releases()["sentiment"]})
    labels: list[str] = []
    for path in files:
        for _, found in analyser.analyse(path).evidence.found("sentiment", SentimentFindings):
            for item in found.utterances:
                answer = sentiment_of([(item, 1.0)])
                assert answer is not None
                labels.append(answer.label)
    assert len(labels) > 100
    assert share([label in ("negative", "positive") for label in labels]) < 0.1
    assert share([label == "unclear" for label in labels]) < 0.2
