"""The speech detector window by window, with a state that can be stored and resumed."""

import base64

import numpy as np

from earshot.audio.speech.vad import CONTEXT, FRESH, STATE_SHAPE, WINDOW, Probabilities
from earshot.compute.sound import Samples


class Voice:
    """Probability of speech of each window of ``WINDOW`` samples, in order."""

    def __init__(self) -> None:
        self._network = Probabilities()

    def share(self, window: Samples) -> float:
        """Probability of speech in the next window, shape (``WINDOW``,)."""
        assert window.shape == (WINDOW,)
        return float(self._network.of(window[None])[0])

    def state(self) -> str:
        """The state as text."""
        parts = [self._network.context, *(part.reshape(-1) for part in self._network.state)]
        return base64.b64encode(np.concatenate(parts).astype("<f4").tobytes()).decode()

    def resume(self, state: str) -> None:
        """Continues from what ``state`` returned.

        Raises:
            ValueError: it is no such text.
        """
        numbers = np.frombuffer(base64.b64decode(state), "<f4").astype(np.float32)
        size = FRESH[0].size
        if len(numbers) != CONTEXT + 2 * size:
            raise ValueError("this is no state of the speech detector")
        context, h, c = np.split(numbers, [CONTEXT, CONTEXT + size])
        self._network.context = context
        self._network.state = (h.reshape(STATE_SHAPE), c.reshape(STATE_SHAPE))
