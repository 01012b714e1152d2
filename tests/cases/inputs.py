"""Generates the inputs with the generators in ``../shared/cases``, and knows their transcripts."""

import os
import subprocess
import sys
from pathlib import Path

import imageio_ffmpeg

from tests.corpus.recorded import SHARED

CASES = SHARED / "cases"

STEW = (
    "He hoped there would be stew for dinner turnips and carrots and bruised potatoes and fat"
    " mutton pieces to be ladled out in"
)
STEW += " thick peppered flour fattened sauce"
HOUR = "He was not an ill disposed young man"
LEISURE = (
    "and Mister John Dashwood had then leisure to consider how much there might be prudently in his"
    " power to do for them"
)
HEARTED = "unless to be rather cold hearted and rather selfish is to be ill disposed"


def environment(folder: Path) -> dict[str, str]:
    """One in which the generators find FFmpeg: that of the imageio-ffmpeg wheel, so that nothing
    has to be installed."""
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    command = tools / "ffmpeg"
    if not command.exists():
        command.symlink_to(imageio_ffmpeg.get_ffmpeg_exe())
    return {**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}


def command(name: str, folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, str(CASES / f"{name}.py"), str(folder), *arguments]


def made(name: str, folder: Path, *arguments: str) -> Path:
    """The folder that the generator ``name`` filled."""
    target = folder / name
    subprocess.run(
        command(name, target, *arguments), check=True, env=environment(folder), timeout=120
    )
    return target
