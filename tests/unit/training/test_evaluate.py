"""``earshot evaluate`` on synthetic sound: expected figures, and one line for each error."""

import importlib.util
import json
import subprocess
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from cli.published import schema
from cli.terminal.explain import SOME_FAILED, USAGE
from earshot.models.checkpoints.location import MODELS
from evaluation.metrics import Classified, Diarized, Metrics, Transcribed
from tests.sounds.audio_files import silence, tone, vowel, write
from tests.unit.cli.test_errors import earshot


def evaluate(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return earshot(folder, "evaluate", "--manifest", "m.jsonl", "--root", "audio", *words)


def labelled(folder: Path, *rows: dict[str, object]) -> None:
    (folder / "m.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two recordings of silence, one of 70 s that begins with a voice, one that is no audio and one
    that is cut off."""
    audio = tmp_path / "audio"
    audio.mkdir()
    write(audio / "quiet.wav", silence(2), 16_000, "pcm_s16le")
    write(audio / "stereo.wav", silence(2, channels=2), 16_000, "pcm_s16le")
    voice = np.concatenate([silence(1), vowel(2), silence(67)], axis=1)
    write(audio / "long.flac", voice, 16_000, "flac", "s16")
    (audio / "text.wav").write_text("this is not sound")
    whole = write(tmp_path / "whole.flac", tone(5), 16_000, "flac", "s16").read_bytes()
    (audio / "cut.flac").write_bytes(whole[: len(whole) // 2])
    return tmp_path


def test_every_analysis_is_measured_on_what_it_is_labelled_for(folder: Path) -> None:
    (folder / "audio/r.rttm").write_text("SPEAKER long 1 1.0 2.0 <NA> <NA> her <NA> <NA>\n")
    labelled(
        folder,
        {"path": "quiet.wav", "scene": "silence", "noise": "silence"},
        {"path": "stereo.wav", "scene": "silence", "text": "nobody hears this", "emotion": "sad"},
        {"path": "long.flac", "rttm": "r.rttm", "emotion": "whimsical", "valence": 0.5},
        {"path": "quiet.wav", "scene": "thunderous"},
    )
    done = evaluate(folder)
    assert done.returncode == 0, done.stderr
    jsonschema.validate(json.loads((folder / "metrics.json").read_text()), schema("metrics"))
    metrics = Metrics.model_validate_json((folder / "metrics.json").read_text()).root
    scene, asr, diarization, emotion = (
        metrics[name] for name in ("scene", "asr", "diarization", "emotion")
    )
    assert isinstance(scene, Classified)
    assert isinstance(asr, Transcribed)
    assert isinstance(diarization, Diarized)
    assert isinstance(emotion, Classified)
    assert (scene.n, scene.accuracy, scene.uar, scene.per_label["silence"].n) == (2, 1.0, 1.0, 2)
    assert scene.passed_over.uncovered == {"thunderous": 1}
    assert scene.passed_over.unlabelled == 1
    assert (asr.n, asr.words, asr.wer, asr.cer) == (1, 3, 1.0, 1.0)
    assert diarization.der is not None
    assert diarization.der < 0.2
    assert (
        diarization.per_file["long.flac"].spoken_ms == 1_500
    )  # 0.25 s at both ends are not scored
    assert emotion.unanswered == {"no_speech": 1}
    assert emotion.passed_over.unmapped == {"emotion=whimsical": 1}
    assert emotion.concordance is not None
    assert emotion.concordance["valence"].model_dump() == {
        "n": 0,
        "ccc": None,
    }  # the release gives none
    assert list(metrics) == ["scene", "noise", "sentiment", "asr", "emotion", "diarization"]
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["analysis", *metrics]


def test_natural_speech_that_the_release_was_trained_on_is_not_printed_as_unseen(
    folder: Path,
) -> None:
    """The catalog names the folder callcenter, and a set of the folder asr."""
    maps, paths = "", ("mine/office/a.wav", "asr/librivox/a.wav", "callcenter/auto/a.wav")
    voice = np.concatenate([silence(1), vowel(2), silence(1)], axis=1)
    for path in paths:
        (folder / "audio" / path).parent.mkdir(parents=True)
        write(folder / "audio" / path, voice, 16_000, "pcm_s16le")
        maps += f'["{Path(path).parent}"]\nevery = "(natural)"\n'
    (folder / "sentiment.toml").write_text(maps)
    labelled(folder, *({"path": path} for path in paths))
    done = evaluate(folder, "--analysis", "sentiment", "--labels", str(folder))
    assert done.returncode == 0, done.stderr
    assert "natural speech, 3 turns (1 unseen): " in done.stdout


def test_pictures_are_drawn_or_it_is_said_what_is_missing(folder: Path) -> None:
    labelled(folder, {"path": "quiet.wav", "scene": "silence"})
    done = evaluate(folder, "--out", "figures.json")
    if importlib.util.find_spec("matplotlib"):
        assert (folder / "figures-scene.png").read_bytes().startswith(b"\x89PNG")
    else:
        assert done.stderr.count("requirements/evaluate.txt") == 1


def test_broken_audio_is_named_and_the_rest_is_measured(folder: Path) -> None:
    names = ("text.wav", "cut.flac", "away.wav", "quiet.wav")
    labelled(folder, *({"path": name, "scene": "silence", "noise": "silence"} for name in names))
    done = evaluate(folder)
    assert done.returncode == SOME_FAILED
    assert "3 recordings could not be measured: text.wav (not_audio), cut.flac (" in done.stderr
    metrics = Metrics.model_validate_json((folder / "metrics.json").read_text()).root
    for each in metrics.values():
        assert each.n == 1
        assert [item.path for item in each.left_out] == ["text.wav", "cut.flac", "away.wav"]
        assert each.left_out[2].code == "missing"


@pytest.mark.parametrize(
    ("manifest", "words", "says"),
    [
        ('{"path": "quiet.wav", "scene": "silence"}\n{"path"', (), "m.jsonl line 2 is not JSON"),
        (
            '{"path": "quiet.wav"}',
            (),
            "no row of m.jsonl has a label for any analysis; docs/evaluation.md",
        ),
        (
            '{"path": "quiet.wav", "scene": "silence"}',
            ("--analysis", "scene,noise"),
            "has a label for noise",
        ),
        (
            '{"path": "quiet.wav", "scene": "silence"}',
            ("--analysis", "smell"),
            "no analysis named smell",
        ),
        (
            '{"path": "quiet.wav", "scene": "silence"}',
            ("--root", "nowhere"),
            "there is no folder nowhere",
        ),
        (
            '{"path": "quiet.wav", "scene": "silence"}',
            ("--out", "no/where.json"),
            "there is no folder no",
        ),
        (
            '{"path": "quiet.wav", "scene": "silence"}',
            ("--manifest", "n.jsonl"),
            "n.jsonl: No such file",
        ),
        (
            '{"path": "quiet.wav", "scene": "silence"}',
            ("--checkpoint", "x.onnx"),
            "neither a file nor a release",
        ),
        (
            '{"path": "quiet.wav", "scene": "silence"}',
            ("--checkpoint", "m.jsonl"),
            "m.jsonl is no checkpoint for scene",
        ),
        (
            '{"path": "quiet.wav", "scene": "silence"}',
            ("--checkpoint", "gopher://x/y.onnx"),
            "cannot be fetched",
        ),
        (
            '{"path": "quiet.wav", "scene": "silence"}',
            ("--checkpoint", "noise-embedded-5"),
            "is for noise, which is not measured",
        ),
        ('{"path": "quiet.wav", "rttm": "r.rttm"}', (), "r.rttm cannot be read"),
    ],
)
def test_one_line_says_what_is_wrong(
    folder: Path, manifest: str, words: tuple[str, ...], says: str
) -> None:
    (folder / "m.jsonl").write_text(manifest)
    done = evaluate(folder, *words)
    assert done.returncode == USAGE, done.stderr
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (folder / "metrics.json").exists()


def test_a_checkpoint_of_another_analysis_is_a_line_and_no_traceback(folder: Path) -> None:
    labelled(folder, {"path": "quiet.wav", "scene": "silence"})
    done = evaluate(folder, "--checkpoint", f"scene={MODELS / 'embedded/emotion.onnx'}")
    assert done.returncode == SOME_FAILED
    assert "quiet.wav (ValueError: " in done.stderr
    assert "Traceback" not in done.stderr
