"""Measures the removal of crosstalk: echoes in synthetic calls, and speech in stereo made from
recordings of one voice.

python -m training.measurements.crosstalk --data ../shared/data
"""

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import av
import numpy as np
from numpy.typing import NDArray

from earshot.audio.features import augment
from earshot.audio.features.spectra import Array
from earshot.audio.prepare import Prepared, prepare
from evaluation import manifest
from training.data.datasets import RATE, waveform

READERS = "speaker/librispeech_train-clean-100"
SECONDS = 40
FRAME_MS = 10
CODECS = {"none": ("wav", "pcm_s16le", None), "mu-law": ("wav", "pcm_mulaw", None)} | {
    "MP3": ("mp3", "libmp3lame", 24_000),
    "Opus": ("ogg", "libopus", 24_000),
}
"""Container, encoder and bit rate."""
STEREO = ((0.0, 0.0), (0.1, 0.0), (0.5, 2.0), (1.0, 6.0), (5.0, 3.0), (15.0, 6.0))
"""Delays (ms) and attenuations (dB) of the second channel of one voice."""


def encoded(path: Path, sound: Array, codec: str) -> Path:
    """The sound, shape (channels, samples), as a file."""
    container, encoder, bit_rate = CODECS[codec]
    named = path.with_suffix(f".{container}")
    with av.open(str(named), "w") as out:
        options = {"bit_rate": bit_rate} if bit_rate else {}
        stream = out.add_stream(encoder, rate=RATE, layout="stereo", **options)
        samples = (np.clip(sound, -1, 1) * 32_767).astype("<i2")
        frame = av.AudioFrame.from_ndarray(samples.T.reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate, frame.pts = RATE, 0
        for packet in (*stream.encode(frame), *stream.encode(None)):
            out.mux(packet)
    return named


def prepared(sound: Array, codec: str = "none") -> Prepared:
    with tempfile.TemporaryDirectory(prefix="earshot-crosstalk-") as folder:
        return prepare(
            encoded(Path(folder) / "call", sound, codec), uuid4(), f"file://{folder}/store"
        )


def speech(found: Prepared, channel: int) -> NDArray[np.bool_]:
    """Which frames of ``FRAME_MS`` of that channel are speech."""
    marks = np.zeros(SECONDS * 1000 // FRAME_MS, dtype=bool)
    for one in found.utterances:
        if one.channel == channel:
            marks[one.start_ms // FRAME_MS : one.end_ms // FRAME_MS] = True
    return marks


def call(random: np.random.Generator, readings: Sequence[Sequence[Path]]) -> Array:
    """Two readers in turns, a channel each; a quarter of the turns begin before the previous one
    ends."""
    lines, at, turn = np.zeros((2, SECONDS * RATE), dtype=np.float32), 1.0, 0
    pair = random.choice(len(readings), 2, replace=False)
    while at < SECONDS - 6:
        own = readings[pair[turn % 2]]
        reading = waveform(own[random.integers(len(own))])[: int(random.uniform(2, 7) * RATE)]
        reading = (
            reading[: int((SECONDS - 1 - at) * RATE)]
            * 10 ** (random.uniform(-27, -21) / 20)
            / augment.rms(reading)
        )
        lines[turn % 2, int(at * RATE) :][: len(reading)] += reading
        at += len(reading) / RATE + (
            random.uniform(-2, -0.5) if random.random() < 0.25 else random.uniform(0.2, 1)
        )
        turn += 1
    return lines


def echo(random: np.random.Generator, sound: Array, later_ms: float, fainter_db: float) -> Array:
    """The audio through another telephone: later, fainter, in half of the calls with the echo of a
    room, by a clock of its own."""
    found = np.roll(sound, int(later_ms * RATE / 1000)) * np.float32(10 ** (-fainter_db / 20))
    if random.random() < 0.5:
        found = augment.in_a_room(found, random)
    samples = np.arange(len(found))
    return np.interp(
        samples * (1 + random.uniform(0, 60e-6)), samples, augment.telephone(found)
    ).astype(np.float32)


def echoes(readings: Sequence[Sequence[Path]], calls: int, seed: int) -> None:
    """Prints, by codec, the share of the echoes that is removed, and of the speech found without
    them."""
    counted: dict[str, NDArray[np.int64]] = defaultdict(lambda: np.zeros(4, dtype=np.int64))
    for number in range(calls):
        random = np.random.default_rng([seed, number])
        lines, codec = call(random, readings), tuple(CODECS)[number % len(CODECS)]
        later_ms, fainter_db, both = (
            random.uniform(5, 400),
            random.uniform(3, 35),
            random.random() < 1 / 3,
        )
        noise = (
            10 ** (random.uniform(-80, -55) / 20) * random.standard_normal(lines.shape)
        ).astype(np.float32)
        ways = ((0, 1), (1, 0)) if both else ((0, 1),)
        mixed = lines.copy()
        for source, other in ways:
            mixed[other] += echo(random, lines[source], later_ms, fainter_db)
        alone, found = (
            [speech(each, channel) for channel in (0, 1)]
            for each in (prepared(lines + noise, codec), prepared(mixed + noise, codec))
        )
        count = counted[codec]
        for source, other in ways:
            echo_frames = np.roll(alone[source], round(later_ms / FRAME_MS)) & ~alone[other]
            count += ((echo_frames & ~found[other]).sum(), echo_frames.sum(), 0, 0)
        for own, left in zip(alone, found, strict=True):
            count += (0, 0, (own & ~left).sum(), own.sum())
    for codec, count in (("all", sum(counted.values())), *counted.items()):
        print(
            f"  {codec}: {count[0] / count[1]:.3f} of the echo left out, {count[2] / count[3]:.4f}"
            " of the speech"
        )


def stereo(paths: Sequence[Path]) -> None:
    """Prints the length of speech of one voice on two channels, and how much of it is removed."""
    spoken = left_out = 0
    for number, path in enumerate(paths):
        later_ms, fainter_db = STEREO[number % len(STEREO)]
        mono = waveform(path)[: SECONDS * RATE]
        other = np.roll(mono, round(later_ms * RATE / 1000)) * np.float32(10 ** (-fainter_db / 20))
        if number % 2:
            other = augment.in_a_room(other, np.random.default_rng(number))
        found = prepared(np.stack([mono, other]))
        spoken += sum(one.end_ms - one.start_ms for one in found.utterances)
        left_out += sum(
            each.left_out_ms for channel in found.quality.channels for each in channel.crosstalk
        )
    print(
        f"stereo of {len(paths)} recordings of one voice: {spoken / 1000:.1f} s of speech,"
        f" {left_out / 1000:.1f} s left out"
    )


def main(data: Path, calls: int) -> None:
    """Prints a table of echoes for each half of the readers, and a line for stereo of one voice."""
    rows = manifest.read(data / "labels.jsonl")
    by_reader: dict[str, list[Path]] = defaultdict(list)
    for row in rows:
        if row.source == READERS:
            by_reader[Path(row.path).name.partition("-")[0]].append(data / row.path)
    readers = [by_reader[name] for name in sorted(by_reader)]
    for seed in (0, 1):
        print(f"{calls} calls by {'every first' if seed == 0 else 'every second'} reader:")
        echoes(readers[seed::2], calls, seed)
    stereo([own[0] for own in readers])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--calls", type=int, default=32, help="for each half of the readers")
    asked = parser.parse_args()
    main(asked.data, asked.calls)
