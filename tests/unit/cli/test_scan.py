"""Folders are walked once: recordings by their suffix, all other files counted."""

from collections import Counter
from pathlib import Path

from earshot.audio.files import find_audio
from earshot.pipeline.intake.scan import following


def test_other_files_are_counted_in_the_same_walk(tmp_path: Path) -> None:
    for name in (
        "b.wav",
        "a.MP3",
        "notes.txt",
        "more.TXT",
        "README",
        "inner/c.flac",
        "inner/d.txt",
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    left_out = Counter[str]()
    found = list(find_audio([tmp_path, tmp_path / "notes.txt"], left_out))
    assert [str(path.relative_to(tmp_path)) for path in found] == [
        "a.MP3",
        "b.wav",
        "inner/c.flac",
        "notes.txt",
    ]
    assert left_out == {".txt": 3, "": 1}


def test_a_scan_continues_behind_every_one_of_its_files(tmp_path: Path) -> None:
    for name in ("calls/z.wav", "calls-2/a.wav", "calls-2.wav", "calls/a/b.wav", "calls 3/a.wav"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    every = list(following(tmp_path, ""))
    assert len(every) == 5
    assert list(following(tmp_path, " ")) == every, "no file was taken in the first pass"
    for number, path in enumerate(every, 1):
        assert list(following(tmp_path, str(path))) == every[number:]
