"""Detects speech on one channel in a streaming pass: Silero VAD (v6, MIT) from the faster-whisper
wheel."""

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import PAD_MS, Utterance
from earshot.audio.quality.snr import SpeechLevels, as_steps, in_db
from earshot.compute import placed_weights
from earshot.compute.placed_weights import Places

GRAPH = "silero.onnx"
_INSTALL = "install the pinned version of faster-whisper"
VAD_RATE = 16_000
"""Hz; the only rate of the exported network."""
WINDOW = 512
"""Samples per decision: 32 ms."""
WINDOW_MS = WINDOW * 1000 // VAD_RATE
CONTEXT = 64
"""Samples of the previous window that the network receives again."""
WINDOWS_A_RUN = 64
"""Windows in one run of the network, about 2 s. The number is constant, so that results do not
depend on the size of blocks."""
STATE_SHAPE = (1, 1, 128)
FRESH = (np.zeros(STATE_SHAPE, np.float32), np.zeros(STATE_SHAPE, np.float32))
RUNS_OF_NOTHING = 30
"""Runs of digital silence in a row, a minute, after which the network's state is reset: after
minutes of silence (a late start, a muted speaker) it would miss the next speech."""

SPEECH_ABOVE = 0.5
SILENCE_BELOW = 0.35
"""Silero's own thresholds: speech starts above the first and ends below the second."""
MIN_SILENCE_MS = 300
"""Shorter pauses stay inside their utterance: stops and breaths within a sentence are below
this."""
MIN_SPEECH_MS = 200
"""Shorter sounds are a click or a cough; the shortest spoken "yes" lasts longer."""


class SpeechDetector:
    """Feed 16 kHz samples of one channel in blocks of any size, then call ``finish()``. Holds a few
    seconds of audio at most."""

    def __init__(self, channel: int) -> None:
        self.channel = channel
        self.levels = SpeechLevels()
        self._levels_db = bytearray()  # of every window: 112 KB an hour, a thousandth of the audio
        self._waiting = np.zeros(0, dtype=np.float32)
        self._network = Probabilities()
        self._nothing = 0
        self._segmenter = Segmenter()
        self._samples = 0

    def feed(self, samples: NDArray[np.float32]) -> None:
        """Float32 in [-1, 1], shape (samples,)."""
        self._samples += len(samples)
        self._waiting = np.concatenate([self._waiting, samples])
        step = WINDOW * WINDOWS_A_RUN
        while len(self._waiting) >= step:
            self._decide(self._waiting[:step])
            self._waiting = self._waiting[step:]

    def finish(self) -> tuple[Utterance, ...]:
        """Returns all detected speech, in order, on the recording's own time line; the audio itself
        is not cut (C-15)."""
        if len(self._waiting):
            self._decide(np.pad(self._waiting, (0, -len(self._waiting) % WINDOW)))
        end_ms = -(-self._samples * 1000 // VAD_RATE)
        spans = self._segmenter.finish(end_ms)
        return tuple(
            Utterance(channel=self.channel, start_ms=start, end_ms=end) for start, end in spans
        )

    def levels_db(self) -> NDArray[np.float32]:
        """Level of every decided window about its mean, in steps of half a decibel; -120 and below
        are one."""
        return in_db(np.frombuffer(bytes(self._levels_db), np.uint8))

    def _decide(self, samples: NDArray[np.float32]) -> None:
        windows = samples.reshape(-1, WINDOW)
        self._nothing = 0 if windows.any() else self._nothing + 1
        if self._nothing > RUNS_OF_NOTHING:
            shares, self._network.state = np.zeros(len(windows), np.float32), FRESH
        else:
            shares = self._network.of(windows)
        power = windows.var(axis=1, dtype=np.float64)
        self._levels_db += as_steps(power).tobytes()
        self.levels.update(power, shares)
        for share in shares:
            self._segmenter.add(float(share))


class Probabilities:
    """The network with what it remembers of the windows before."""

    def __init__(self) -> None:
        self.context = np.zeros(CONTEXT, dtype=np.float32)
        self.state = FRESH

    def of(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probability of speech in each window, shape (windows, ``WINDOW``)."""
        contexts = np.concatenate([self.context[None], windows[:-1, -CONTEXT:]])
        self.context = windows[-1, -CONTEXT:].copy()
        inputs = {
            "input": np.concatenate([contexts, windows], axis=1),
            "h": self.state[0],
            "c": self.state[1],
        }
        shares, *state = _session().run(None, inputs)
        self.state = (state[0], state[1])
        likely: NDArray[np.float32] = shares.reshape(-1)
        return likely


class Segmenter:
    """Turns one speech probability per window into padded spans of speech. Twice the padding is
    below ``MIN_SILENCE_MS``, so they never touch."""

    def __init__(self) -> None:
        self._now_ms = 0
        self._start_ms: int | None = None
        self._silent_since_ms: int | None = None
        self._spans: list[tuple[int, int]] = []

    def add(self, share: float) -> None:
        if share >= SPEECH_ABOVE:
            self._silent_since_ms = None
            if self._start_ms is None:
                self._start_ms = self._now_ms
        elif share < SILENCE_BELOW and self._start_ms is not None:
            if self._silent_since_ms is None:
                self._silent_since_ms = self._now_ms
            if self._now_ms + WINDOW_MS - self._silent_since_ms >= MIN_SILENCE_MS:
                self._close(self._silent_since_ms)
        self._now_ms += WINDOW_MS

    def finish(self, end_ms: int) -> list[tuple[int, int]]:
        """Padded (start_ms, end_ms) spans within ``[0, end_ms]``."""
        self._close(self._silent_since_ms if self._silent_since_ms is not None else self._now_ms)
        return [(max(0, start - PAD_MS), min(end_ms, end + PAD_MS)) for start, end in self._spans]

    def _close(self, end_ms: int) -> None:
        if self._start_ms is not None and end_ms - self._start_ms >= MIN_SPEECH_MS:
            self._spans.append((self._start_ms, end_ms))
        self._start_ms = self._silent_since_ms = None


@cache
def _session() -> Any:
    """The network, loaded once a process: a graph of this project over Silero's weights
    (``training.recipes.rewritten.silero``)."""
    graph, weights = Path(__file__).with_name(GRAPH), weights_file()
    places = Places.model_validate_json(graph.with_suffix(".json").read_bytes())
    with weights.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != places.sha256:
        raise Misconfigured("vad_missing", f"{weights} is another version; {_INSTALL}")
    return placed_weights.session(graph, places.weights, [weights], arena=False)


def weights_file() -> Path:
    """The file of the wheel that has the weights. faster_whisper itself is not imported: that would
    load CTranslate2.

    Raises:
        Misconfigured: ``vad_missing``.
    """
    spec = find_spec("faster_whisper")
    if spec is None or not spec.submodule_search_locations:
        raise Misconfigured(
            "vad_missing", "The package faster-whisper, which carries the VAD, is not installed"
        )
    path = Path(spec.submodule_search_locations[0]) / "assets" / "silero_vad_v6.onnx"
    if not path.is_file():
        raise Misconfigured("vad_missing", f"{path} is missing; {_INSTALL}")
    return path
