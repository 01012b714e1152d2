"""What encryption of stored sound costs: an hour of two channels, written, read in chunks, played
in ranges and erased in part, with keys and without.

``python -m trials.sealed``
"""

import os
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable
from uuid import UUID

import numpy as np

from earshot.analysis.keys.sound import SoundKeys, parsed, use
from earshot.analysis.types import Utterance
from earshot.audio.store import peaks
from earshot.audio.store.layout import pcm_uri
from earshot.audio.store.pcm import read_pcm
from earshot.audio.store.pcm_writer import PcmWriter
from earshot.audio.store.silence import silence
from earshot.audio.store.wav_view import wav_view

RATE, CHANNELS = 16_000, 2
MINUTES, CHUNK_MS, RANGE = 60, 25_000, 1 << 17
ROUNDS = 5
ID = UUID(int=1)


def measured(store: str) -> dict[str, float]:
    """Seconds of each way to use the sound; what was written last is in the cache of the disk."""
    uri, rng = pcm_uri(store, ID, RATE), np.random.default_rng(1)
    block = rng.uniform(-1, 1, (CHANNELS, RATE)).astype(np.float32)

    def write() -> None:
        with PcmWriter(uri, CHANNELS) as writer:
            for _ in range(MINUTES * 60):
                writer.write(block)

    def chunks() -> None:
        for start in range(0, MINUTES * 60_000, CHUNK_MS):
            read_pcm(uri, RATE, CHANNELS, start, start + CHUNK_MS)

    def ranges() -> None:
        view = wav_view(uri, RATE, CHANNELS)
        for start in range(0, view.size, RANGE):
            view.read(start, start + RANGE)

    def erase() -> None:
        silence(store, ID, CHANNELS, [Utterance(channel=1, start_ms=60_000, end_ms=65_000)])

    found = {each.__name__: took(each) for each in (write, chunks, ranges)}
    peaks.put(store, ID, np.zeros((1, CHANNELS, 2), np.int8))
    return {**found, "erase": took(erase)}


def took(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    keys = SoundKeys({}), parsed(f"k1:{b64encode(os.urandom(32)).decode()}")
    with tempfile.TemporaryDirectory() as folder:
        runs: list[list[dict[str, float]]] = [[], []]
        for _ in range(ROUNDS):
            for mine, own in zip(runs, keys, strict=True):
                use(own)
                mine.append(measured(f"file://{folder}/{own.newest}"))
    for name in runs[0][0]:
        plain, sealed = (min(each[name] for each in mine) for mine in runs)
        print(f"{name:8} {plain:6.2f} s  encrypted {sealed:6.2f} s  ratio {sealed / plain:.2f}")


if __name__ == "__main__":
    main()
