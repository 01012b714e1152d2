"""The command that makes all embedded checkpoints anew: its table, its order, its comparison."""

import importlib.util
from pathlib import Path

import pytest

from earshot.models.checkpoints.location import MODELS
from training.embedded.chain import Failed, Recipe, Runner, recipes, with_needs
from training.embedded.intervals import compared

FOLDERS = {name: Path(name) for name in ("data", "models", "out", "whisper")}
CARD = """# Noise

## Measured quality

| on | recordings | UAR (95 % interval) | ECE |
|---|---|---|---|
| unseen corpora, answered (0.738) | 1409 | 0.504 (0.435-0.582) | 0.090 |
| all sets | 1908 | 0.747 (0.703-0.785) | 0.040 |
| through the workers, the 64% answered | 241 | 0.703 (0.645-0.757) | 0.085 |
"""


def test_the_table_makes_every_embedded_checkpoint_once() -> None:
    chain = recipes(FOLDERS)
    made = [recipe.makes.name for recipe in chain if recipe.makes]
    assert sorted(made) == sorted(path.name for path in (MODELS / "embedded").glob("*.onnx"))
    assert len({recipe.name for recipe in chain}) == len(chain)
    for recipe in chain:
        assert importlib.util.find_spec(recipe.command[0]), recipe.command[0]


def test_a_recipe_brings_those_that_it_needs() -> None:
    chosen = [recipe.name for recipe in with_needs(["noise on YAMNet"], recipes(FOLDERS))]
    assert chosen[-2:] == ["noise", "noise on YAMNet"]
    assert "trunk windows 1" in chosen
    assert "sentiment" not in chosen
    with pytest.raises(SystemExit, match="there is no recipe nosie; these are: trunk windows 1"):
        with_needs(["nosie"], recipes(FOLDERS))


def zipped(out: Path, name: str, source: Path, *needs: str) -> Recipe:
    """A recipe that packs one file with a module of Python."""
    makes = out / name / f"{name}.tar"
    return Recipe(name, ("tarfile", "-c", str(makes), str(source)), needs, makes)


def test_recipes_run_after_those_that_they_need_and_once(tmp_path: Path) -> None:
    first = zipped(tmp_path, "first", Path(__file__))
    assert first.makes
    second = zipped(tmp_path, "second", first.makes, "first")
    assert second.makes
    lines: list[str] = []
    Runner(tmp_path, side_by_side=2, report=lines.append).run([second, first])
    assert second.makes.stat().st_size > first.makes.stat().st_size
    made = second.makes.stat().st_mtime_ns
    Runner(tmp_path, side_by_side=2, report=lines.append).run([second, first])
    assert second.makes.stat().st_mtime_ns == made
    assert lines[-1] == "made before: first, second"


def test_a_recipe_that_fails_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    bad = zipped(tmp_path, "bad", tmp_path / "absent")
    good = zipped(tmp_path, "good", Path(__file__), "bad")
    with pytest.raises(Failed, match=r"(?s)bad ended with 1.*FileNotFoundError"):
        Runner(tmp_path, side_by_side=1).run([bad, good])
    assert good.makes
    assert not good.makes.exists()


def test_recipes_that_need_one_another_are_named(tmp_path: Path) -> None:
    one = zipped(tmp_path, "one", Path(__file__), "two")
    two = zipped(tmp_path, "two", Path(__file__), "one")
    with pytest.raises(Failed, match="one, two"):
        Runner(tmp_path, side_by_side=2).run([one, two])


def test_a_figure_outside_its_interval_is_named() -> None:
    same = (
        CARD.replace("(0.738)", "(0.741)")
        .replace("64%", "65%")
        .replace("0.504 (0.435", "0.570 (0.501")
    )
    found = compared(CARD, same)
    assert (found.with_interval, found.outside) == (3, ())
    assert found.largest_change == pytest.approx(0.066)
    worse = CARD.replace("0.747 (0.703-0.785)", "0.690 (0.650-0.730)")
    assert compared(CARD, worse).outside == (
        "Measured quality / all sets / UAR (95 % interval): 0.690 is not in 0.703-0.785",
    )
    gone = "\n".join(line for line in CARD.splitlines() if "all sets" not in line)
    assert compared(CARD, gone).outside == (
        "Measured quality / all sets / UAR (95 % interval): absent",
    )


@pytest.mark.parametrize("path", sorted((MODELS / "embedded").glob("*.md")), ids=lambda p: p.stem)
def test_a_card_equals_itself(path: Path) -> None:
    found = compared(path.read_text(), path.read_text())
    assert (found.outside, found.largest_change) == ((), 0.0)
