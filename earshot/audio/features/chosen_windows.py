"""Network inputs of selected windows of a waveform; the others are not transformed."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from earshot.audio.features.spectra import Array, log_mel, starts
from earshot.audio.features.windows import WindowSpec, begin_ms, prepared, windows


def spread(candidates: NDArray[np.bool_], count: int) -> NDArray[np.int64]:
    """Positions of at most ``count`` of the candidates, evenly spread; a single one is the middle
    one."""
    places = np.flatnonzero(candidates)
    if len(places) <= count:
        return places
    chosen: NDArray[np.int64] = places[((np.arange(count) + 0.5) * len(places) / count).astype(int)]
    return chosen


def windows_at(
    waveform: Array, sample_rate: int, spec: WindowSpec, places: NDArray[np.int64]
) -> Array:
    """``earshot.audio.features.windows.windows`` of a mono waveform, restricted to the windows at
    ``places``."""
    mel = spec.mel
    if len(places) == len(begin_ms(len(waveform), spec)):
        return windows(waveform, sample_rate, spec)
    waveform = prepared(waveform, spec)
    if mel.centre:
        waveform = np.pad(waveform, mel.window // 2, mode="reflect")
    frames = (len(waveform) - mel.window) // mel.hop + 1 - int(mel.centre)
    samples = (spec.length - 1) * mel.hop + mel.window
    begins = starts(frames, spec.length, spec.hop)[places]
    flat = replace(mel, centre=False)
    cut = []
    for run in np.split(
        begins, np.flatnonzero(np.diff(begins) > spec.length) + 1
    ):  # overlapping parts are transformed once
        sound = waveform[run[0] * mel.hop : run[-1] * mel.hop + samples]
        cut.append(
            log_mel(sound, sample_rate, flat)[(run - run[0])[:, None] + np.arange(spec.length)]
        )
    chosen = np.concatenate(cut)
    return chosen if spec.layout == "time_mel" else np.ascontiguousarray(chosen.transpose(0, 2, 1))
