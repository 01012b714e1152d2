"""What trainers accept as data, what they refuse in the first seconds, and how they divide it."""

import time
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from earshot.analysis.errors import Misconfigured, Unavailable
from training.trainers import base, whole_files
from training.trainers.data import speakers
from training.trainers.data.features import Extractor, features
from training.trainers.data.listing import listed
from training.trainers.data.recordings import Recording, check_counts, checked
from training.trainers.data.split import split
from training.trainers.identity import Identity
from training.trainers.watch import Report, Stopped, Watch

LABELS = ("happy", "sad", "angry", "surprised", "neutral")


def sound(path: Path, seconds: float = 0.2, pitch: float = 200.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    at = np.arange(int(8000 * seconds)) / 8000
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes((9000 * np.sin(2 * np.pi * pitch * at)).astype("<i2").tobytes())
    return path


def table(folder: Path, rows: list[str], header: str = "path,label") -> Path:
    (folder / "labels.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return folder


def refused(folder: Path, labels: tuple[str, ...] = LABELS, longest: float = 60.0) -> str:
    with pytest.raises(Misconfigured) as error:
        check_counts(checked(listed(folder, "emotion", labels), longest, 2, Watch()))
    return str(error.value)


def test_a_table_names_files_below_itself_or_below_audio(tmp_path: Path) -> None:
    sound(tmp_path / "audio" / "a.WAV")
    sound(tmp_path / "b.wav")
    rows = listed(
        table(tmp_path, ["a.WAV,Happy,anna", "b.wav, sad ,"], "path,label,speaker"),
        "emotion",
        LABELS,
    )
    assert [(row.path.name, row.label, row.speaker) for row in rows] == [
        ("a.WAV", "happy", "anna"),
        ("b.wav", "sad", None),
    ]


def test_folders_may_be_nested_and_extensions_capital(tmp_path: Path) -> None:
    sound(tmp_path / "Happy" / "day 1" / "x.WAV")
    sound(tmp_path / "corpus" / "Actor_03" / "sad" / "y.wav")
    (tmp_path / "Happy" / "notes.txt").write_text("no sound")
    rows = listed(tmp_path, "emotion", LABELS)
    assert [(row.name, row.label, row.speaker) for row in rows] == [
        ("Happy/day 1/x.WAV", "happy", None),
        ("corpus/Actor_03/sad/y.wav", "sad", "Actor_03"),
    ]


def test_a_folder_below_a_manifest_has_its_rows(tmp_path: Path) -> None:
    sound(tmp_path / "emotion" / "x" / "1.wav")
    sound(tmp_path / "noise" / "2.wav")
    (tmp_path / "labels.jsonl").write_text(
        '{"path": "emotion/x/1.wav", "emotion": "calm", "speaker": "p1"}\n'
        '{"path": "noise/2.wav", "emotion": "sad"}\n'
    )
    (row,) = listed(tmp_path / "emotion", "emotion", LABELS)
    assert (row.name, row.label, row.speaker) == ("emotion/x/1.wav", "neutral", "p1")


def test_clips_that_were_deleted_with_their_recording_are_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sound(tmp_path / "clips" / "1.wav")
    (tmp_path / "labels.jsonl").write_text(
        '{"path": "clips/1.wav", "emotion": "sad", "correction": "c1"}\n'
        '{"path": "clips/2.wav", "emotion": "sad", "correction": "c2"}\n'
    )
    assert [row.name for row in listed(tmp_path, "emotion", LABELS)] == ["clips/1.wav"]
    assert "1 clips of" in caplog.text
    (tmp_path / "labels.jsonl").write_text('{"path": "other.wav", "emotion": "sad"}\n')
    with pytest.raises(Misconfigured, match="1 files of"):
        listed(tmp_path, "emotion", LABELS)


@pytest.mark.parametrize(
    ("path", "speaker"),
    [
        ("Actor_01/03-01-05-01-02-01-12.wav", "ravdess 12"),
        ("emodb/03a01Fa.wav", "emodb 03"),
        ("1001_DFA_ANG_XX.wav", "cremad 1001"),
        ("sets/1688-142285-0000.flac", "librispeech 1688"),
        ("speaker-7/a.wav", "speaker-7"),
        ("call 4.wav", None),
    ],
)
def test_speakers_by_the_conventions_of_corpora(path: str, speaker: str | None) -> None:
    assert speakers.speaker(path) == speaker


def test_missing_files_are_named_with_their_lines(tmp_path: Path) -> None:
    sound(tmp_path / "a.wav")
    rows = ["a.wav,happy", "gone.wav,sad", "away/too.wav,sad"]
    said = refused(table(tmp_path, rows))
    assert "2 of 3" in said
    assert "gone.wav (line 3), away/too.wav (line 4)" in said


def test_unknown_labels_are_named(tmp_path: Path) -> None:
    sound(tmp_path / "a.wav")
    said = refused(table(tmp_path, ["a.wav,joyful"]))
    assert "a.wav (joyful)" in said
    assert "happy, sad, angry, surprised, neutral" in said
    sound(tmp_path / "folders" / "joyful" / "b.wav")
    assert "joyful/b.wav" in refused(tmp_path / "folders")


def test_files_that_are_no_sound_or_too_long_are_named_together(tmp_path: Path) -> None:
    for label in LABELS:
        sound(tmp_path / label / "good.wav")
    (tmp_path / "sad" / "text.wav").write_text("this is no sound at all")
    (tmp_path / "sad" / "empty.mp3").touch()
    sound(tmp_path / "happy" / "hours.wav", seconds=70)
    said = refused(tmp_path)
    assert "3 of 8 files cannot be used" in said
    for name in ("sad/text.wav", "sad/empty.mp3", "happy/hours.wav (70 s"):
        assert name in said


def test_one_label_and_labels_of_too_few_speakers_are_refused(tmp_path: Path) -> None:
    for i in range(4):
        sound(tmp_path / "sad" / f"{i}.wav", pitch=100 + i)
    assert "all 4 recordings have one label, sad" in refused(tmp_path)
    sound(tmp_path / "happy" / "speaker_a" / "1.wav", pitch=300)
    sound(tmp_path / "happy" / "speaker_a" / "2.wav", pitch=301)
    assert "fewer of happy (1)" in refused(tmp_path)


def test_the_same_speaker_on_two_sides_is_refused(tmp_path: Path) -> None:
    for side, files in (("train", "abc"), ("val", "cd")):
        for i, name in enumerate(files):
            path = tmp_path / side / LABELS[i % 2] / f"speaker_{name}" / f"{side}{name}.wav"
            sound(path, pitch=100 * (ord(name) - 90) + len(side))
    said = refused(tmp_path)
    assert "several sides: speaker_c" in said
    assert "speaker_c/trainc.wav (train)" in said
    assert "speaker_c/valc.wav (val)" in said


def test_files_of_one_name_on_two_sides_are_two_recordings(tmp_path: Path) -> None:
    for k, side in enumerate(("train", "val")):
        for i, label in enumerate(LABELS[:2]):
            for j in range(3):
                sound(tmp_path / side / label / f"{j}.wav", pitch=100 + 40 * k + 10 * i + j)
    found = checked(listed(tmp_path, "emotion", LABELS), 60, 2, Watch())
    assert len({each.group for each in found}) == len(found) == 12


@pytest.mark.parametrize("draw", range(50))
def test_a_label_of_divided_data_is_never_held_back_whole(draw: int) -> None:
    names = ["only", *"abcdef", "v1", "v2"]
    found = [
        Recording(
            Path(name), name, "rare" if name in ("only", "v1", "v2") else "common",
            f"{draw}{name}", name, f"{draw}{name}", "", "val" if name[0] == "v" else "train",
        )
        for name in names
    ]  # fmt: skip
    sides = split(found, 0.2, 0.4, 0)
    assert {each.label for each in sides.train} == {"rare", "common"}


def test_the_same_recording_under_two_labels_is_refused(tmp_path: Path) -> None:
    sound(tmp_path / "sad" / "a.wav")
    sound(tmp_path / "happy" / "b.wav")
    said = refused(tmp_path)
    assert "two labels" in said
    assert "happy/b.wav (happy)" in said


def test_copies_of_a_file_are_one_group(tmp_path: Path) -> None:
    sound(tmp_path / "sad" / "speaker_a" / "a.wav")
    sound(tmp_path / "sad" / "speaker_b" / "copy.wav")
    sound(tmp_path / "sad" / "speaker_c" / "other.wav", pitch=300)
    found = checked(listed(tmp_path, "emotion", LABELS), 60, 2, Watch())
    assert [len({each.group for each in found}), found[0].group] == [2, found[1].group]


def people(count: int, each: int = 3, begin: int = 0) -> list[Recording]:
    return [
        Recording(
            Path(f"{p}-{i}.wav"), f"{p}-{i}", LABELS[(p + i) % 5], f"{p} {i}", f"p{p}", f"p{p}"
        )
        for p in range(begin, begin + count)
        for i in range(each)
    ]


def test_no_group_is_on_two_sides_and_every_label_is_on_each() -> None:
    for seed in range(20):
        sides = split(people(30), 0.2, 0.15, seed)
        groups = [{each.group for each in side} for side in vars(sides).values()]
        assert sum(map(len, groups)) == 30
        assert len(set.union(*groups)) == 30
        labels = [{each.label for each in side} for side in (sides.train, sides.val)]
        assert labels == [set(LABELS)] * 2
        assert 0.1 < len(sides.val) / (len(sides.train) + len(sides.val)) < 0.3


def test_the_holdout_stays_when_recordings_are_added() -> None:
    before = split(people(40), 0.2, 0.2, 0)
    more = [*people(40, each=5), *people(40, begin=40)]
    after = split(more, 0.3, 0.2, seed=7)
    held = {each.group for each in before.holdout}
    assert held
    assert held == {each.group for each in after.holdout if int(each.group[1:]) < 40}


def test_a_label_keeps_two_groups_outside_the_holdout() -> None:
    rare = [replace(each, label="rare") for each in people(3, begin=90)]
    for share in (0.5, 0.9):
        sides = split([*people(20), *rare], 0.2, share, 0)
        for side in (sides.train, sides.val):
            assert "rare" in {each.label for each in side}


def test_a_state_of_another_training_is_refused_by_what_differs(tmp_path: Path) -> None:
    here = Identity({"model": "emotion", "options": {"lr": 0.1, "seed": 0}, "data": "b" * 64})
    there = {"model": "emotion", "options": {"lr": 0.001, "seed": 0}, "data": "a" * 64}
    with pytest.raises(Misconfigured) as error:
        here.check(there, tmp_path / "state.pt")
    assert "data is aaaaaaaaaaaa... there, bbbbbbbbbbbb... here" in str(error.value)
    assert "options.lr is 0.001 there, 0.1 here" in str(error.value)
    assert "seed" not in str(error.value)


def test_too_little_space_is_an_error_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="MB of free space"):
        whole_files.check_space(tmp_path, 1 << 60)


def test_a_stage_that_is_silent_is_reported_by_the_watch() -> None:
    reports: list[Report] = []
    with Watch(reports.append, every=0.05) as watch, watch.stage("fitting", 3):
        end = time.monotonic() + 30
        while len(reports) < 3 and time.monotonic() < end:
            pass
    assert len(reports) >= 3
    assert {each.stage for each in reports} <= {"starting", "fitting"}
    assert str(reports[-1]).endswith("fitting 0/3")


def test_a_stop_is_raised_where_it_is_asked_for() -> None:
    with pytest.raises(Stopped):
        Watch(stop=lambda: True).check()


@pytest.mark.parametrize(
    ("licences", "strictest"),
    [
        (("MIT", "CC-BY-4.0"), "CC-BY-4.0"),
        (("CC-BY-NC-SA-4.0", "CC-BY-SA-4.0"), "CC-BY-NC-SA-4.0"),
        (("CC0-1.0", "research only, share alike"), "research only, share alike"),
        (("unknown", "CC-BY-NC-4.0"), "unknown"),
        (("CC-BY-NC-4.0", "CC-BY-NC-SA-4.0"), "CC-BY-NC-SA-4.0"),
        (("Apache-2.0",), "Apache-2.0"),
    ],
)  # fmt: skip
def test_a_result_has_the_strictest_licence(licences: tuple[str, ...], strictest: str) -> None:
    assert base.strictest(*licences) == strictest


def test_files_that_only_decoding_finds_wrong_are_named_together(tmp_path: Path) -> None:
    cut = sound(tmp_path / "sad" / "cut.wav", 2)
    cut.write_bytes(cut.read_bytes()[:9000])
    samples = np.full(8000, 0.1, np.float32)
    samples[4000] = np.nan
    soundfile.write(tmp_path / "sad" / "nan.wav", samples, 8000, subtype="FLOAT")
    found = checked(listed(tmp_path, "emotion", LABELS), 60, 2, Watch())
    extractor = Extractor({}, lambda samples, random: {"all": samples}, 8000, 60)
    with pytest.raises(Misconfigured, match=r"sad/cut.wav .* sad/nan.wav"):
        features(found, extractor, tmp_path / "cache", 2, Watch())


def test_features_are_computed_once_for_each_content_and_setting(tmp_path: Path) -> None:
    sound(tmp_path / "sad" / "a.wav")
    found = checked(listed(tmp_path, "emotion", LABELS), 60, 2, Watch())
    calls: list[int] = []

    def compute(samples: np.ndarray, random: np.random.Generator) -> dict[str, np.ndarray]:
        calls.append(len(samples))
        return {"drawn": random.random(3)}

    made = [
        features(found, Extractor(settings, compute, 8000, 60), tmp_path / "cache", 2, Watch())
        for settings in ({"a": 1}, {"a": 1}, {"a": 2})
    ]
    assert len(calls) == 2
    assert (made[0][0]["drawn"] == made[1][0]["drawn"]).all()
    for torn in (tmp_path / "cache").glob("*.npz"):
        torn.write_bytes(torn.read_bytes()[:40])
    features(found, Extractor({"a": 1}, compute, 8000, 60), tmp_path / "cache", 2, Watch())
    assert len(calls) == 3


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_is_named_and_the_former_content_stays(tmp_path: Path) -> None:
    state = tmp_path / "state.pt"
    whole_files.replace(state, b"former")
    (tmp_path / f"state.pt{whole_files.PART}").symlink_to("/dev/full")
    with pytest.raises(Unavailable, match=r"is full while state.pt is written") as error:
        whole_files.replace(state, b"later")
    assert error.value.code == "disk_full"
    assert state.read_bytes() == b"former"
    whole_files.replace(state, b"later")
    assert state.read_bytes() == b"later"
