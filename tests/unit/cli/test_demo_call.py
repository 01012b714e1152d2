"""The demo call is small, its timeline is true, and the script makes the same sound again."""

import json
import shutil
from pathlib import Path

import pytest
import soundfile

from demo.make_call import FOLDER, make


def test_the_timeline_covers_the_call_in_order() -> None:
    timeline = json.loads((FOLDER / "call.json").read_text())
    samples, rate = soundfile.read(FOLDER / "call.ogg")
    assert (FOLDER / "call.ogg").stat().st_size < 1_000_000
    assert samples.shape[1] == len(timeline["roles"]) == 2
    assert abs(len(samples) * 1000 / rate - timeline["duration_ms"]) <= 1
    assert {scene["label"] for scene in timeline["scenes"]} == {
        "speech",
        "music",
        "noise",
        "silence",
    }
    starts = [scene["start_ms"] for scene in timeline["scenes"]]
    assert starts == sorted(starts)

    def level(channel: int, span: dict[str, int]) -> float:
        return float(abs(samples[span["start_ms"] * 16 : span["end_ms"] * 16, channel]).max())

    for utterance in timeline["utterances"]:
        assert level(utterance["channel"], utterance) > 0.2
    for scene in timeline["scenes"]:
        if scene["label"] == "silence":
            quiet = {"start_ms": scene["start_ms"] + 50, "end_ms": scene["end_ms"] - 50}
            assert max(level(0, quiet), level(1, quiet)) < 0.02


@pytest.mark.skipif(
    shutil.which("flite") is None, reason="flite speaks the demo call: apt-get install flite"
)
def test_the_script_makes_the_same_sound_again(tmp_path: Path) -> None:
    make(tmp_path)
    again, _ = soundfile.read(tmp_path / "call.ogg", dtype="int16")
    kept, _ = soundfile.read(FOLDER / "call.ogg", dtype="int16")
    assert (again == kept).all()
    assert (tmp_path / "call.json").read_bytes() == (FOLDER / "call.json").read_bytes()
