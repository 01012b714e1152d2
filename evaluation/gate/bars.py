"""Reads the bars of the gate from ``bars.toml``."""

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from earshot.analysis.errors import Misconfigured, one_line
from earshot.analysis.types import Frozen

BARS = Path(__file__).with_name("bars.toml")
SPEAKERS = "diarization"

Share = Annotated[float, Field(ge=0, le=1)]


class Bars(Frozen):
    """Of one analysis; ``bars.toml`` describes each."""

    measure: Literal["macro_f1", "uar", "der"]
    draws: Annotated[int, Field(ge=200)]
    fewest_recordings: Annotated[int, Field(ge=1)]
    fewest_groups: Annotated[int, Field(ge=2)]
    label_recall: Share
    label_fewest: Annotated[int, Field(ge=1)]
    background: Share
    confidence: Share
    quiet: tuple[str, ...]
    only_silence: bool
    latency_ms: Annotated[float, Field(gt=0)]
    size_mb: Annotated[float, Field(gt=0)]


def read(analysis: str, further: Path | None = None) -> Bars:
    """The bars of an analysis.

    Args:
        further: a file that is read over the project's.

    Raises:
        Misconfigured: ``release_bars``, a file cannot be read or has a mistake.
    """
    values: dict[str, object] = {}
    for path in (BARS, *([further] if further else [])):
        try:
            tables = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise Misconfigured("release_bars", f"{path}: {one_line(error)}") from error
        general = tables.get("default", {})
        if analysis == SPEAKERS:  # whose only measure is its own
            general = {name: value for name, value in general.items() if name != "measure"}
        values |= {**general, **tables.get(analysis, {})}
    try:
        bars = Bars.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise Misconfigured("release_bars", f"{where}: {first['msg']}") from error
    if (bars.measure == "der") != (analysis == SPEAKERS):
        raise Misconfigured("release_bars", f"measure: {bars.measure} is none of {analysis}")
    return bars
