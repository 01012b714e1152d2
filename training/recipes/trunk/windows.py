"""The windows that a trunk learns from, and what the teacher hears in them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from earshot.audio.features.spectra import Array
from earshot.audio.features.windows import windows
from evaluation.manifest import read
from training.data import packaged
from training.data.datasets import RATE, waveform
from training.fitting.crossval import Floats
from training.fitting.teacher import yamnet_heard
from training.recipes.noise.windows import SPEC
from training.recipes.trunk.sounds import STEP, Draws, Heard, heard_in, recorded_too

WINDOWS, PARTS = 160_000, 4
"""How many are drawn, and in how many parts that may be made side by side."""
COMPARED = ("noise/", "scene/")
"""Where the names of sets begin that a packaged sound might hold a piece of."""


@dataclass(frozen=True)
class Taught:
    """Windows with what the teacher hears in them, in halves of floats."""

    inputs: Floats  # (windows, frames, bands)
    scores: Floats  # (windows, 521)
    features: Floats  # (windows, 1024)


def taught(part: int, data: Path, models: Path, out: Path) -> Taught:
    """One part of the windows to learn from, made once."""
    path = out / f"windows-{part}.npz"
    if not path.is_file():
        sounds = packaged.fetched(out)
        heard = allowed(sounds, data, models, out / "heard.npz")
        np.savez(path, **vars(drawn(Draws(sounds, heard, part), models, WINDOWS // PARTS)))
    with np.load(path) as file:
        return Taught(**file)


def allowed(sounds: packaged.Sounds, data: Path, models: Path, path: Path) -> Heard:
    """What the teacher hears in the sounds that hold no piece of a recording, found out once."""
    if not path.is_file():
        heard = heard_in((sounds.waveform(i) for i in range(len(sounds))), models)
        known = [waveform(each) for each in recordings(data)]
        same = recorded_too(sounds, heard, known, heard_in(known, models, STEP))
        print(
            f"{len(sounds)} sounds; left out for what they share with {len(known)} recordings:",
            *sounds.names[same],
            flush=True,
        )
        kept = ~same[heard.owner]
        np.savez(path, **{name: values[kept] for name, values in vars(heard).items()})
    with np.load(path) as file:
        return Heard(**file)


def recordings(data: Path) -> list[Path]:
    """What packaged sounds are compared with."""
    return [
        data / row.path for row in read(data / "labels.jsonl") if row.source.startswith(COMPARED)
    ]


def drawn(draws: Draws, models: Path, count: int) -> Taught:
    """So many windows of drawn sounds."""
    made = Taught(
        *(
            np.zeros((count, *shape), np.float16)
            for shape in ((SPEC.length, SPEC.mel.n_mels), (521,), (1024,))
        )
    )
    done = 0
    while done < count:
        cut = windows(draws.sound(), RATE, SPEC)[: count - done]
        part = slice(done, done + len(cut))
        made.inputs[part] = cut
        made.scores[part], made.features[part] = yamnet_heard(models, cut)
        done += len(cut)
    return made


def joined(parts: Iterable[Taught]) -> Taught:
    """All parts as one."""
    inputs, scores, features = zip(
        *((part.inputs, part.scores, part.features) for part in parts), strict=True
    )
    return Taught(*(np.concatenate(each) for each in (inputs, scores, features)))


def as_heard(waveforms: Iterable[Array], models: Path) -> Taught:
    """Whole sounds as they are, with what the teacher hears in them."""
    cut = np.concatenate([windows(each, RATE, SPEC) for each in waveforms])
    return Taught(cut, *yamnet_heard(models, cut))
