"""Statistics and rules of the gate, without models."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from cli.releases.comparing import by_base, held_out
from earshot.analysis.errors import Misconfigured
from earshot.analysis.findings import Classification
from earshot.analysis.types import Release
from earshot.models.checkpoints.defaults import default_release
from earshot.models.checkpoints.location import sha256
from earshot.storage.releases.registered import Registered
from evaluation.choice import Chosen
from evaluation.figures.tally import Case, Tally
from evaluation.gate import background, bars, unseen
from evaluation.gate.conversations import Conversations
from evaluation.gate.paired import compare, macro_f1, uar
from evaluation.gate.pairs import Pairs
from evaluation.gate.reasons import of_background, of_comparison, of_cost, of_labels
from evaluation.gate.verdict import Background, OfLabel, Verdict
from evaluation.label_map import LabelMap
from evaluation.manifest import Row
from evaluation.measures.classification import judge
from evaluation.measures.der import Errors

LABELS = ("a", "b", "c")
NOISE = bars.read("noise")
MAP = LabelMap({}, {"b": "a"})


def test_measures_are_those_of_evaluate() -> None:
    random = np.random.default_rng(3)
    truth, answers = random.integers(0, 3, 60), random.integers(0, 3, 60)
    cells = np.bincount(truth * 4 + answers, minlength=12).reshape(1, 3, 4)
    known = judge("", LABELS, truth, answers, np.ones(60), np.arange(60))
    assert (macro_f1(cells)[0], uar(cells)[0]) == pytest.approx((known.macro_f1, known.uar))


def test_no_answer_is_a_wrong_answer() -> None:
    cells = np.zeros((1, 3, 4), int)
    cells[0, 0] = [2, 0, 0, 2]
    assert uar(cells)[0] == 0.5


@pytest.mark.parametrize("measure", ["macro_f1", "uar"])
def test_a_difference_counts_by_groups(measure: str) -> None:
    """The same rows: of forty speakers they prove something, of three they do not."""
    random = np.random.default_rng(0)
    truth = random.integers(0, 3, 240)
    right = random.random(240)
    better = np.where(right < 0.8, truth, (truth + 1) % 3)
    worse = np.where(right < 0.6, truth, (truth + 1) % 3)
    speakers = [f"s{i % 40}" for i in range(240)]
    options = {"measure": measure, "draws": 400}
    proven = compare(truth, better, worse, speakers, 3, **options)
    assert proven.low > 0.1
    assert compare(truth, worse, better, speakers, 3, **options).high < -0.1
    same = compare(truth, better, better, speakers, 3, **options)
    assert (same.low, same.high) == (0, 0)
    one_lucky = [
        "lucky" if a != b else f"s{i % 2}"
        for i, (a, b) in enumerate(zip(better, worse, strict=True))
    ]
    assert compare(truth, better, worse, one_lucky, 3, **options).low <= 0 < proven.low


def row(name: str, **more: str) -> Row:
    return Row.model_validate({"path": name, **more})


def test_recordings_of_a_set_are_learnt() -> None:
    rows = [row("/data/noise/esc10/a.wav"), row("/data/noise/esc100/b.wav")]
    assert unseen.of_sets(rows, ["noise/esc10"]) == {"/data/noise/esc10/a.wav"}
    assert unseen.of_sets(rows, []) == set()
    assert unseen.of_sets(rows, None) == {each.path for each in rows}


def test_recordings_outside_of_an_own_holdout_are_learnt(tmp_path: Path) -> None:
    rows = [row(f"{name}.wav", sha256=name * 64) for name in "abc"]
    own = [row("elsewhere/a.wav", sha256="a" * 64)]
    assert unseen.of_release(rows, tmp_path, tmp_path, own) == {"b.wav", "c.wav"}
    used = [{"sha256": "b" * 64, "side": "train"}, {"sha256": "a" * 64, "side": "holdout"}]
    (tmp_path / unseen.DATA).write_text("".join(json.dumps(each) + "\n" for each in used))
    assert unseen.of_release(rows, tmp_path, tmp_path, own) == {"b.wav"}


@pytest.mark.parametrize(
    ("part", "left_out"), [("whole", {"/data/noise/esc10/a.wav"}), ("trunk", set())]
)
def test_what_a_head_left_of_its_base_learnt_nothing(part: str, left_out: set[str]) -> None:
    rows = (row("/data/noise/esc10/a.wav"), row("/ours/b.wav"))
    base = default_release("noise")
    release = base.model_copy(update={"name": "noise-new", "sha256": "0" * 64})
    candidate = Registered(
        release=release,
        stage="candidate",
        latency_ms=None,
        created_at=datetime.now(UTC),
        base={"name": base.name, "sha256": base.sha256, "part": part},
    )
    assert by_base(rows, Path("/"), candidate, []) == left_out


def test_clips_that_were_deleted_with_their_recording_are_not_compared(tmp_path: Path) -> None:
    there, clip = tmp_path / "clips" / "0a1b2c3d-ff" / "0-0-900-0a1b2c3d.wav", "0-5-9-0a1b2c3d.wav"
    there.parent.mkdir(parents=True)
    there.write_bytes(b"sound")
    names = [str(there), str(there.with_name(clip)), str(tmp_path / "away.wav")]
    path = tmp_path / "holdout.jsonl"
    path.write_text("".join(json.dumps({"path": name, "noise": "rain"}) + "\n" for name in names))
    row = Registered(
        release=default_release("noise"),
        stage="candidate",
        latency_ms=None,
        created_at=datetime.now(UTC),
        holdout=str(path),
        holdout_sha256=sha256(path),
    )
    rows, digest = held_out(row)
    assert [each.path for each in rows] == [names[0], names[2]]  # the last one fails, and is named
    assert digest == sha256(path)


def test_bars_of_ones_own_are_read_over_those_of_the_project(tmp_path: Path) -> None:
    own = tmp_path / "bars.toml"
    own.write_text("[default]\nfewest_groups = 3\n[noise]\nbackground = 0.5\n")
    found = bars.read("noise", own)
    assert (found.fewest_groups, found.background, found.measure) == (3, 0.5, NOISE.measure)
    assert bars.read("emotion").measure == "uar"
    own.write_text('[default]\nmeasure = "der"\n')
    with pytest.raises(Misconfigured, match="der is none of noise"):
        bars.read("noise", own)
    own.write_text('[default]\nmeasure = "uar"\n')
    assert [bars.read(name, own).measure for name in ("noise", "diarization")] == ["uar", "der"]
    own.write_text("[noise]\nbackground = 2\n")
    with pytest.raises(Misconfigured, match="background"):
        bars.read("noise", own)


def answered(label: str, confidence: float = 0.9, *, abstained: bool = False) -> Classification:
    scores = dict.fromkeys(LABELS[:2], (1 - confidence) / 2) | {label: confidence}
    return Classification(label=label, confidence=confidence, scores=scores, abstained=abstained)


def tally(name: str, answers: list[Classification | None], truth: str) -> Tally:
    release = Release(analysis="noise", name=name, runtime="onnx", uri="x", sha256="")
    cases = [
        Case(row(f"{i}.wav"), label, answer)
        for i, (label, answer) in enumerate(zip(truth, answers, strict=True))
        if answer is not None
    ]
    return Tally(release, (), Chosen(), cases)


def asked(truth: str) -> list[tuple[Row, str]]:
    return [(row(f"{i}.wav"), label) for i, label in enumerate(truth)]


def test_answers_are_paired_and_a_missing_one_is_wrong() -> None:
    ours = tally("new", [answered("a"), None, answered("a"), answered("c"), None], "abbcc")
    theirs = tally(
        "old", [answered("b"), answered("b"), answered("b", abstained=True), None, None], "abbcc"
    )
    pairs = Pairs(ours, theirs, MAP, asked("abbcc"))
    assert pairs.recalls() == {
        "a": OfLabel(n=1, candidate=1, active=0),
        "b": OfLabel(n=2, candidate=0, active=0.5),
        "c": OfLabel(n=2, candidate=0.5, active=0),
    }
    assert pairs.lost() == "1.wav"
    assert pairs.lost("b") == "1.wav"


def verdict(**facts: object) -> Verdict:
    return Verdict.model_validate(
        {"analysis": "noise", "candidate": "new", "active": "old", **facts}
    )


def test_every_refusal_has_its_numbers_and_a_clip() -> None:
    ours = tally("new", [answered("a")] * 6, "bbbbbb")
    theirs = tally("old", [answered("b")] * 5 + [answered("c")], "bbbbbb")
    pairs = Pairs(ours, theirs, LabelMap({}, {}), asked("bbbbbb"))
    facts = verdict(recordings=6, groups=6, labels=pairs.recalls(), lost=("c",))
    [few] = of_comparison(facts, NOISE, None, pairs, "learnt.wav")
    assert (few.code, few.clip) == ("too_few", "learnt.wav")
    enough = NOISE.model_copy(update={"fewest_recordings": 6, "fewest_groups": 6, "draws": 200})
    [worse] = of_comparison(facts, enough, pairs.compared(enough), pairs, None)
    assert (worse.code, worse.clip) == ("not_better", "0.wav")
    assert "difference -0" in worse.detail
    low, lost = of_labels(facts, NOISE, pairs, extended=False)
    assert (low.code, low.clip, lost.code) == ("label_too_low", "0.wav", "labels_lost")
    assert "c, which old can" in lost.detail
    assert [each.code for each in of_labels(facts, NOISE, pairs, extended=True)] == [
        "label_too_low"
    ]
    slow = verdict(latency_ms=1e4, size_bytes=10**10)
    assert [each.code for each in of_cost(slow, NOISE, ours)] == ["latency", "size"]
    screams = Background(n=10, candidate=0.2, active=0, generated=True)
    [loud] = of_background(screams, "hum.wav", "old", NOISE)
    assert (loud.code, loud.clip) == ("background", "hum.wav")
    quiet = screams.model_copy(update={"candidate": NOISE.background})
    assert of_background(quiet, None, "old", NOISE) == []


def conversations(better: int, worse: int, count: int) -> Conversations:
    """The first has no answer of either, the last one none of the candidate."""
    release = Release(analysis="diarization", name="v", runtime="onnx", uri="x", sha256="")
    rows = [row(f"/c/{i}.wav") for i in range(count)]
    sides = [
        [Case(each, "rttm", Errors(0, 0, wrong, 10_000)) for each in rows[1:]]
        for wrong in (better, worse)
    ]
    ours, theirs = (Tally(release, (), Chosen(), cases) for cases in (sides[0][:-1], sides[1]))
    return Conversations(ours, theirs, rows)


def test_speakers_are_compared_by_conversation_and_a_missing_answer_is_all_wrong() -> None:
    bar = bars.read("diarization")
    pairs = conversations(500, 1500, 41)
    found = pairs.compared(bar)
    assert found.candidate == pytest.approx((39 * 500 + 10_000) / 400_000)
    assert found.active == pytest.approx(0.15)
    assert found.difference == pytest.approx(found.active - found.candidate)
    assert found.low > 0
    assert pairs.lost() == "/c/40.wav"
    facts = verdict(analysis="diarization", recordings=40, groups=40)
    assert of_comparison(facts, bar, found, pairs, None) == []
    few = conversations(500, 1500, 11)  # the missing one outweighs the gain
    [refused] = of_comparison(facts, bar, few.compared(bar), few, None)
    assert (refused.code, refused.clip) == ("not_better", "/c/10.wav")


def test_a_conversation_is_learnt_with_any_recording_in_it(tmp_path: Path) -> None:
    parts = [{"path": f"/speech/x/{name}.wav", "sha256": name * 64} for name in "ab"]
    rows = [Row.model_validate({"path": "/out/holdout/c.wav", unseen.MADE_OF: parts})]
    assert unseen.of_sets(rows, ["speech/x"]) == {"/out/holdout/c.wav"}
    assert unseen.of_sets(rows, ["speech/y"]) == set()
    used = {"sha256": "b" * 64, "side": "train"}
    (tmp_path / unseen.DATA).write_text(json.dumps(used) + "\n")
    assert unseen.of_release(rows, tmp_path, tmp_path, []) == {"/out/holdout/c.wav"}
    (tmp_path / unseen.DATA).write_text(json.dumps(used | {"side": "holdout"}) + "\n")
    assert unseen.of_release(rows, tmp_path, tmp_path, []) == set()
    (tmp_path / unseen.DATA).unlink()
    assert unseen.of_release(rows, tmp_path, tmp_path, rows) == set()


def test_background_is_generated_once(tmp_path: Path) -> None:
    first = background.generate(tmp_path, only_silence=True)
    before = [path.read_bytes() for path in first]
    assert [
        path.read_bytes() for path in background.generate(tmp_path, only_silence=True)
    ] == before
    assert len(background.generate(tmp_path, only_silence=False)) > len(first) >= 3
