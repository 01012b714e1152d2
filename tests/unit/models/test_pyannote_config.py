"""A pipeline is opened only if all that it names lies in its folder."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from earshot.analysis.errors import Misconfigured
from earshot.models.pyannote.config import PARTS, PIPELINE, check


def lay_out(folder: Path, **params: object) -> None:
    for part in PARTS:
        (folder / part).mkdir()
    named = {**{part: f"$model/{part}" for part in PARTS}, **params}
    told: dict[str, Any] = {
        "pipeline": {
            "name": PIPELINE,
            "params": {key: value for key, value in named.items() if value},
        }
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(told))


def test_a_folder_that_holds_all_is_fine(tmp_path: Path) -> None:
    lay_out(tmp_path)
    check(tmp_path)


@pytest.mark.parametrize(
    "named",
    [
        "pyannote/segmentation-3.0",
        "$model/elsewhere",
        None,
        {"checkpoint": "pyannote/segmentation-3.0"},
    ],
)
def test_a_part_that_would_be_fetched_is_refused(tmp_path: Path, named: object) -> None:
    lay_out(tmp_path, segmentation=named)
    with pytest.raises(
        Misconfigured,
        match=r"for its segmentation; lay it into the folder and write \$model/segmentation",
    ):
        check(tmp_path)


@pytest.mark.parametrize("text", ["", "pipeline: 7", "pipeline: {name: x}", "[", "\x00"])
def test_what_is_no_pipeline_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(Misconfigured, match="is no pipeline") as refused:
        check(tmp_path)
    assert len(str(refused.value).splitlines()) == 1


def test_a_folder_without_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="is no pipeline"):
        check(tmp_path)
