"""Training windows of a trunk, with the teacher's outputs."""

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
from training.fitting.teacher import yamnet_outputs
from training.recipes.noise.windows import SPEC
from training.recipes.trunk.sounds import STEP, Draws, Outputs, outputs_of, recorded_too

WINDOWS, PARTS = 160_000, 4
"""Number of windows drawn, and number of parts that may be computed in parallel."""
COMPARED = ("noise/", "scene/")
"""Name prefixes of the sets compared with packaged sounds."""


@dataclass(frozen=True)
class Taught:
    """Windows with the teacher's outputs, in half precision."""

    inputs: Floats  # (windows, frames, bands)
    scores: Floats  # (windows, 521)
    features: Floats  # (windows, 1024)


def taught(part: int, data: Path, models: Path, out: Path) -> Taught:
    """One part of the training windows, computed once."""
    path = out / f"windows-{part}.npz"
    if not path.is_file():
        sounds = packaged.fetched(out)
        outputs = allowed(sounds, data, models, out / "heard.npz")
        np.savez(path, **vars(drawn(Draws(sounds, outputs, part), models, WINDOWS // PARTS)))
    with np.load(path) as file:
        return Taught(**file)


def allowed(sounds: packaged.Sounds, data: Path, models: Path, path: Path) -> Outputs:
    """The teacher's outputs for the sounds without a piece of a recording, computed once."""
    if not path.is_file():
        outputs = outputs_of((sounds.waveform(i) for i in range(len(sounds))), models)
        known = [waveform(each) for each in recordings(data)]
        same = recorded_too(sounds, outputs, known, outputs_of(known, models, STEP))
        print(
            f"{len(sounds)} sounds; left out for what they share with {len(known)} recordings:",
            *sounds.names[same],
            flush=True,
        )
        kept = ~same[outputs.owner]
        np.savez(path, **{name: values[kept] for name, values in vars(outputs).items()})
    with np.load(path) as file:
        return Outputs(**file)


def recordings(data: Path) -> list[Path]:
    """The recordings compared with packaged sounds."""
    return [
        data / row.path for row in read(data / "labels.jsonl") if row.source.startswith(COMPARED)
    ]


def drawn(draws: Draws, models: Path, count: int) -> Taught:
    """A number of windows of drawn sounds."""
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
        made.scores[part], made.features[part] = yamnet_outputs(models, cut)
        done += len(cut)
    return made


def joined(parts: Iterable[Taught]) -> Taught:
    """All parts as one."""
    inputs, scores, features = zip(
        *((part.inputs, part.scores, part.features) for part in parts), strict=True
    )
    return Taught(*(np.concatenate(each) for each in (inputs, scores, features)))


def unaltered(waveforms: Iterable[Array], models: Path) -> Taught:
    """Whole unaltered sounds with the teacher's outputs."""
    cut = np.concatenate([windows(each, RATE, SPEC) for each in waveforms])
    return Taught(cut, *yamnet_outputs(models, cut))
