"""Measures the effect of the gate before speech, which also checks doubtful words, on transcripts:
over recordings of noise without words, and over readings under such noise.

python -m training.measurements.hallucinated_words --data ../shared/data
"""

import argparse
import tempfile
import wave
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from earshot.analysis.findings import AsrFindings
from earshot.audio.features import augment
from earshot.audio.features.spectra import Array
from earshot.models.checkpoints.defaults import default_release
from evaluation import manifest
from evaluation.manifest import Row
from training.data.datasets import RATE, waveform
from workers.direct import Analyser

NOISE = "noise/"
"""Name prefix of the sets without words."""
READERS, UNDER = "speaker/librispeech_train-clean-100", "noise/esc10"
READINGS, SECONDS = 45, 6
LEVELS_DB = (20, 10, 5, 0, -5)
"""Level of the reading above the noise."""


def counted(data: Path, folder: Path, rows: list[Row]) -> str:
    """Number of recordings, of those with words, and of words: without the gate and with it."""
    found = []
    for gate in (None, default_release("scene")):
        analyser = Analyser(f"file://{folder}", {"asr": default_release("asr")}, gate=gate)
        count: Counter[str] = Counter()
        for row in rows:
            evidence = analyser.analyse(
                data / row.path, roles=row.asked_roles, language=row.lang or ""
            ).evidence
            words = sum(len(findings.words) for _, findings in evidence.found("asr", AsrFindings))
            count.update(
                spoken=any(chunk.speech for chunk in evidence.recording.chunks),
                written=words > 0,
                words=words,
            )
        found.append(f"{count['written']} with words ({count['words']})")
    return (
        f"{len(rows)} recordings, speech found in {count['spoken']}; without the gate {found[0]},"
        f" with it {found[1]}"
    )


def readings(data: Path, folder: Path, rows: list[Row], level_db: float) -> Iterator[Row]:
    """The beginnings of readings mixed with noise, as files in ``folder``."""
    random = np.random.default_rng(0)
    readers, sounds = ([row for row in rows if row.source == name] for name in (READERS, UNDER))
    for index in range(READINGS):
        reading = waveform(data / readers[index].path)[: SECONDS * RATE]
        noise = waveform(data / sounds[random.integers(len(sounds))].path)
        path = folder / f"{index}-{level_db}.wav"
        _write(path, augment.mix(reading, np.resize(noise, len(reading)), level_db))
        yield readers[index].model_copy(update={"path": str(path)})


def _write(path: Path, sound: Array) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(sound, -1, 1) * 32_767).astype("<i2").tobytes())


def main(data: Path) -> None:
    """Prints a line for the noise, and one for each level of the readings."""
    rows = manifest.read(data / "labels.jsonl")
    with tempfile.TemporaryDirectory(prefix="earshot-invented-") as name:
        folder = Path(name)
        print(
            "noise:", counted(data, folder, [row for row in rows if row.source.startswith(NOISE)])
        )
        for level_db in LEVELS_DB:
            print(
                f"readings at {level_db} dB:",
                counted(data, folder, list(readings(data, folder, rows, level_db))),
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    main(parser.parse_args().data)
