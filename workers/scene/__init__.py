"""Scene: the kind of sound in a chunk over time (000-05)."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.errors import Misconfigured
from earshot.analysis.findings import Classification, LabelledInterval, RawScore, SceneFindings
from earshot.analysis.outcome import Skipped
from earshot.analysis.report.prevailing import SILENCE, is_silence
from earshot.analysis.types import Interval, Release
from earshot.audio.clip import Clip
from earshot.audio.features.level import SILENT, SILENT_DB, loudness, mixed
from earshot.audio.features.windows import WindowSpec, begin_ms
from earshot.compute.sound import Waveform
from earshot.models.runtimes import open_release
from earshot.models.scoring import classify
from earshot.settings import settings
from workers.scene.sound_events import PLACES, Cells, events_of

FINDINGS = SceneFindings

RAW_KEPT = 10
"""Number of the network's own classes that are kept, with their largest scores."""

Array = NDArray[np.float32]


class SceneModel(Protocol):
    """Interface of a release, independent of the runtime."""

    @property
    def spec(self) -> WindowSpec: ...

    @property
    def labels(self) -> tuple[str, ...]: ...

    @property
    def pooled_temperature(self) -> float:
        """Temperature of pooled scores; 1 if every window has had its own temperature."""
        ...

    @property
    def native(self) -> tuple[str, ...]:
        """The network's own classes."""
        ...

    def scores(self, waveform: Array, sample_rate: int) -> Array:
        """Scores of the native classes in every window of a mono waveform, each 0 to 1, shape
        (windows, native)."""
        ...

    def scores_of(self, waveforms: Sequence[Array], sample_rate: int) -> Array:
        """``scores`` of many waveforms one after the other."""
        ...

    def scores_at(self, waveform: Array, sample_rate: int, places: NDArray[np.int64]) -> Array:
        """The same for the windows at these positions only."""
        ...

    def gathered(self, scores: Array) -> Array:
        """Converts native scores to scores of the labels, shape (windows, labels)."""
        ...


def load(release: Release, device: str) -> SceneModel:
    """Opens the small CNN distilled from YAMNet, or YAMNet; always on the CPU.

    Raises:
        Misconfigured: as ``open_release``, or ``cell_ms`` does not fit its windows.
    """
    model: SceneModel = open_release(release, device, settings())
    cell_ms(model.spec)
    return model


def analyze(model: SceneModel, clips: Sequence[Clip]) -> list[SceneFindings | Skipped]:
    """Shares of the labels over each chunk, its intervals and events. Channels are mixed; the
    loudest one decides about silence."""
    return [_scene(model, clip) for clip in clips]


def cell_ms(spec: WindowSpec) -> int:
    """Length of a cell of the time line, one hop, which is half a window; each cell averages the
    windows that cover it.

    Raises:
        Misconfigured: the windows do not overlap by half, or a cell would not be whole
            milliseconds.
    """
    samples = spec.hop * spec.mel.hop
    if spec.length != 2 * spec.hop or samples * 1000 % spec.mel.sample_rate:
        raise Misconfigured(
            "checkpoint",
            "scene needs windows that overlap by half and hop by whole milliseconds, not"
            f" {spec.length} frames each {spec.hop} frames of {spec.mel.hop} samples; train the"
            " checkpoint again with training.recipes.scene.train",
        )
    return samples * 1000 // spec.mel.sample_rate


class Judged(NamedTuple):
    """A sound, cell by cell and as a whole."""

    scores: Array  # of the native classes, shape (windows, native)
    shares: Array  # from the network, shape (cells, labels)
    quiet: NDArray[np.bool_]  # inaudible cells, regardless of the network
    filled: Array  # shares, silence where it is quiet
    audible: NDArray[np.bool_]  # cells not dominated by silence
    whole: Classification


def judged(model: SceneModel, waveform: Waveform, sample_rate: int) -> Judged:
    """The scene of a sound of any length, at the sample rate of the analysis."""
    scores = model.scores(mixed(waveform), sample_rate)
    size = model.spec.hop * model.spec.mel.hop
    cells, quiet = cells_of(model.gathered(scores), waveform, size), quiet_cells(waveform, size)
    shares, silence = shares_of(cells, model.pooled_temperature), model.labels.index(SILENCE)
    audible = ~quiet & (shares.argmax(axis=1) != silence)
    filled = np.where(quiet[:, None], np.eye(len(model.labels), dtype=np.float32)[silence], shares)
    whole = overall(model.labels, cells, filled, audible, model.pooled_temperature)
    return Judged(scores, shares, quiet, filled, audible, whole)


def _scene(model: SceneModel, clip: Clip) -> SceneFindings:
    waveform = clip.read()
    scores, shares, quiet, filled, audible, whole = judged(model, waveform, clip.sample_rate)
    track = Cells(model.labels, shares, quiet, cell_ms(model.spec), clip.ref)
    events, rejected = events_of(track, SILENCE, SILENT_DB)
    return SceneFindings(
        label=whole.label,
        confidence=whole.confidence,
        scores=whole.scores,
        intervals=intervals_of(model.labels, filled, track.length_ms, clip.ref),
        heard_ms=sum(
            track.span(i, i + 1).end_ms - track.span(i, i + 1).start_ms
            for i in np.flatnonzero(audible).tolist()
        ),
        events=events,
        rejected=rejected,
        raw=raw_scores(
            model.native,
            scores,
            clip.ref.start_ms + begin_ms(waveform.shape[1], model.spec),
            clip.ref,
        ),
    )


def cells_of(scores: Array, waveform: Array, size: int) -> Array:
    """Scores of every cell of the chunk, shape (cells, labels): the mean over its windows (C-05).

    Args:
        scores: of every window, shape (windows, labels).
        waveform: all of the chunk, shape (channels, samples).
        size: samples in a cell.
    """
    count = max(-(-waveform.shape[1] // size), 1)
    # Window i covers cells i and i + 1; the last window may begin earlier, so as to end with the
    # chunk.
    over = [scores[max(min(i, len(scores)) - 1, 0) : i + 1] for i in range(count)]
    return np.stack([part.mean(axis=0) for part in over]).astype(np.float32)


def quiet_cells(waveform: Array, size: int) -> NDArray[np.bool_]:
    """True for cells that are silent by their energy, regardless of the network (C-05)."""
    starts = range(0, max(waveform.shape[1], 1), size)
    return np.array([loudness(waveform[:, start : start + size]) < SILENT for start in starts])


def shares_of(scores: Array, temperature: float = 1.0) -> Array:
    """Scores, which are 0 to 1, normalised to 1 over the labels under a temperature."""
    raised = np.maximum(scores, np.float32(1e-6)) ** np.float32(1 / temperature)
    total: Array = raised / raised.sum(axis=-1, keepdims=True)
    return total


def overall(
    labels: tuple[str, ...],
    cells: Array,
    filled: Array,
    audible: NDArray[np.bool_],
    temperature: float = 1.0,
) -> Classification:
    """The answer for the whole chunk by the rule of ``earshot.analysis.report.prevailing``.

    Args:
        cells: scores of every cell; the mean over cells is taken before they are normalised (C-05).
        filled: shares of every cell, silence where it is quiet.
        audible: cells not dominated by silence.
    """
    if is_silence(float(audible.sum()), len(audible)):
        return classify(labels, filled.mean(axis=0))
    return classify(labels, shares_of(cells[audible].mean(axis=0), temperature))


def intervals_of(
    labels: tuple[str, ...], cells: Array, length_ms: int, chunk: Interval
) -> tuple[LabelledInterval, ...]:
    """Neighbouring cells of one label become one interval; its confidence is the label's mean share
    there.

    Args:
        length_ms: of one cell; the last one ends with the chunk.
    """
    winner = cells.argmax(axis=1)
    edges = [0, *(np.flatnonzero(np.diff(winner)) + 1).tolist(), len(winner)]
    return tuple(
        LabelledInterval(
            start_ms=chunk.start_ms + first * length_ms,
            end_ms=chunk.end_ms if last == len(winner) else chunk.start_ms + last * length_ms,
            label=labels[winner[first]],
            confidence=round(float(cells[first:last, winner[first]].mean()), 4),
        )
        for first, last in pairwise(edges)
    )


def raw_scores(
    native: tuple[str, ...], scores: Array, starts: NDArray[np.int64], chunk: Interval
) -> tuple[RawScore, ...]:
    """The highest classes of the network itself, each at the middle of the window with its highest
    score.

    Args:
        starts: of every window, in ms.
    """
    peaks = scores.max(axis=0)
    half = int(starts[1] - starts[0]) if len(starts) > 1 else 0
    found = []
    for i in np.argsort(-peaks, kind="stable")[:RAW_KEPT].tolist():
        at = int(starts[int(scores[:, i].argmax())]) + half
        found.append(
            RawScore(
                label=native[i],
                score=round(min(float(peaks[i]), 1.0), PLACES),
                at_ms=min(at, chunk.end_ms),
            )
        )
    return tuple(found)
