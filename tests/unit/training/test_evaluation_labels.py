"""Meaning of a manifest's rows, and messages about unreadable ones."""

from pathlib import Path

import pytest

from earshot.analysis.errors import Misconfigured
from earshot.analysis.noise_labels import NOISE_CATEGORIES
from earshot.models.checkpoints.defaults import default_releases
from earshot.registry import analyses
from evaluation import label_map
from evaluation.choice import choose, spread
from evaluation.label_map import MAPS, Truth
from evaluation.manifest import Row, read
from evaluation.measures import rttm

CANONICAL = {
    "neutral",
    "happy",
    "angry",
    "sad",
    "frustrated",
    "surprised",
    "calm",
    "anxious",
}  # C-03


def row(path: str, **said: object) -> Row:
    return Row.model_validate({"path": path, **said})


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"path": "a.wav"', "line 2 is not JSON"),
        ("[1, 2]", "line 2: the line"),
        ('{"label": "dog"}', "line 2: path: Field required"),
        ('{"path": ""}', "line 2: path"),
        ('{"path": "a.wav", "text": ["a"]}', "line 2: text"),
        ('{"path": "a.wav", "valence": 3}', "line 2: valence"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, says: str) -> None:
    manifest = tmp_path / "m.jsonl"
    manifest.write_text(f'{{"path": "a.wav"}}\n{line}\n')
    with pytest.raises(Misconfigured) as caught:
        read(manifest)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_empty_lines_and_further_keys_are_fine(tmp_path: Path) -> None:
    manifest = tmp_path / "m.jsonl"
    manifest.write_text('\n{"path": "a/b/c.wav", "fold": 3, "mood": "good", "empty": ""}\n\n')
    (only,) = read(manifest)
    assert (
        only.source,
        only.fold,
        only.value_of("mood"),
        only.value_of("empty"),
        only.value_of("other"),
    ) == (
        "a/b",
        "3",
        "good",
        None,
        None,
    )


def test_groups_are_speakers_origins_folds_or_files() -> None:
    assert row("a/b/1.wav", speaker="x", fold=2).group == "x"
    assert row("noise/esc10/rain/3-1-A.ogg", fold=3).group == "esc-3"
    assert row("a/b/1.wav", fold=2).group == "a/b fold 2"
    assert row("a/b/1.wav").group == "a/b/1.wav"


def test_every_map_is_about_an_analysis_and_its_labels() -> None:
    # An analysis without a map is measured by the key of its own name.
    assert {path.stem for path in MAPS.glob("*.toml")} <= set(analyses())
    known = {
        "scene": set(default_releases()["scene"].labels),
        "noise": set(NOISE_CATEGORIES),
        "sentiment": set(default_releases()["sentiment"].labels),
        "emotion": CANONICAL,
    }
    for analysis, labels in known.items():
        mapping = label_map.read(analysis)
        sections = mapping.sections.values()
        meant = {
            label
            for section in sections
            for table in (section.model_extra or {}).values()
            for label in table.values()
        }
        every = {section.every for section in sections if section.every}
        if analysis in ("emotion", "sentiment"):  # speech that was not acted has no label
            assert label_map.NATURAL in every
            every.remove(label_map.NATURAL)
        assert meant | every <= labels
        assert set(mapping.instead) | set(mapping.instead.values()) <= labels


@pytest.mark.parametrize(
    ("analysis", "of", "truth"),
    [
        ("scene", row("asr/fsdd_8k/x.flac"), Truth("speech")),
        ("scene", row("noise/esc10/x.ogg", label="baby_cry"), Truth("other")),
        ("scene", row("noise/babycry/x.ogg", label="silence"), Truth(unmapped="label=silence")),
        ("scene", row("mine/x.ogg", scene="music", label="speech"), Truth("music")),
        ("scene", row("mine/x.ogg", emotion="happy"), Truth()),
        ("noise", row("noise/esc10/x.ogg", label="rooster"), Truth(unmapped="label=rooster")),
        ("noise", row("scene/pyaudio3/x.flac", label="silence"), Truth(unmapped="label=silence")),
        ("noise", row("mine/x.ogg", noise="thunder"), Truth("thunder")),
        (
            "emotion",
            row("emotion/emodb/x.ogg", emotion="boredom"),
            Truth(unmapped="emotion=boredom"),
        ),
        ("emotion", row("emotion/baved_arabic/x.ogg", emotion_level="2"), Truth()),
        ("sentiment", row("emotion/emodb/x.ogg", emotion="boredom"), Truth("neutral")),
        ("sentiment", row("mine/x.ogg", emotion="angry", sentiment="neutral"), Truth("neutral")),
        ("asr", row("asr/arabic_commands/x.ogg", text="seven"), Truth()),
        ("asr", row("mine/x.ogg", text="seven"), Truth("seven")),
        ("diarization", row("mine/x.ogg", rttm="all.rttm"), Truth("all.rttm")),
    ],
)
def test_what_rows_mean(analysis: str, of: Row, truth: Truth) -> None:
    assert label_map.read(analysis).truth(of) == truth


def test_a_release_with_fewer_emotions_is_held_to_what_stands_for_them() -> None:
    mapping = label_map.read("emotion")
    assert mapping.among("calm", ("neutral", "angry")) == "neutral"
    assert mapping.among("calm", ("neutral", "calm")) == "calm"
    assert mapping.among("surprised", ("neutral", "angry")) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [("[default", "is not TOML"), ("[default.label]\na = 1", "default"), ("[a]\nb = 1", "b")],
)
def test_a_broken_map_is_named(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "scene.toml").write_text(text)
    with pytest.raises(Misconfigured, match=r"scene\.toml") as caught:
        label_map.read("scene", tmp_path)
    assert says in str(caught.value)


def test_a_limit_is_spread_over_the_manifest() -> None:
    items = [(i, "a") for i in range(100)]
    assert [i for i, _ in spread(items, 4)] == [0, 25, 50, 75]
    assert spread(items, None) == spread(items, 100) == items


def test_references_are_read_by_name(tmp_path: Path) -> None:
    (tmp_path / "r.rttm").write_text(
        "SPKR-INFO x\nSPEAKER call 1 0.5 1.25 <NA> <NA> Ann <NA> <NA>\n"
    )
    rows = [
        row("calls/call.wav", rttm="r.rttm"),
        row("calls/other.wav", rttm="r.rttm"),
        row("calls/third.wav"),
    ]
    chosen = choose(rows, "diarization", label_map.read("diarization"), tmp_path, None)
    assert chosen.truth == {0: "r.rttm"}
    assert dict(chosen.unmapped) == {"rttm=r.rttm has no line about other": 1}
    assert chosen.unlabelled == 1
    (turn,) = rttm.read(tmp_path / "r.rttm")["call"]
    assert (turn.speaker, turn.start_ms, turn.end_ms) == ("Ann", 500, 1750)


@pytest.mark.parametrize("line", ["SPEAKER call 1 soon 1.25 <NA> <NA> Ann", "SPEAKER call 1"])
def test_a_broken_reference_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "r.rttm").write_text(f"\n{line}\n")
    with pytest.raises(Misconfigured, match="line 2 is not RTTM"):
        rttm.read(tmp_path / "r.rttm")
