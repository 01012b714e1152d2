"""Composes a folder of mixed files, some of them bad."""

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from trials.bench import hour

GOOD = (
    (".wav", "pcm_s16le", 8_000),
    (".wav", "pcm_alaw", 8_000),
    (".ogg", "libopus", 16_000),
    (".ogg", "libvorbis", 16_000),
    (".mp3", "libmp3lame", 16_000),
    (".flac", "flac", 16_000),
)
SHORT_SEC = (6, 12)
BAD = 0.1
TWINS = 0.05
SEED = 17


class Folder(NamedTuple):
    """What was written."""

    calls: set[str]
    """Names of the files with content of their own, one for each content."""
    bad: set[str]
    sound_sec: float


def mixed(folder: Path, number: int) -> Folder:
    """``number`` files: short calls of one and two channels in several formats, a tenth of them
    empty, cut off within the header or no sound at all, and a few copies."""
    import imageio_ffmpeg

    ffmpeg, chance = imageio_ffmpeg.get_ffmpeg_exe(), random.Random(SEED)
    bad, twins = round(number * BAD), round(number * TWINS)
    calls: set[str] = set()
    sound_sec = 0.0
    source = _sounds()
    for at in range(number - bad - twins):
        sec = chance.uniform(*SHORT_SEC)
        suffix, codec, rate = GOOD[at % len(GOOD)]
        sound = next(source)[:, : round(sec * hour.RATE)]
        plain = folder / "plain.wav"
        hour.write(plain, sound)
        name = f"{at:03d}{suffix}"
        codec_of = "vorbis" if codec == "libvorbis" else codec
        subprocess.run(
            [ffmpeg, "-v", "error", "-i", str(plain), "-ar", str(rate), "-c:a", codec_of]
            + (["-strict", "-2", "-ac", "2"] if codec_of == "vorbis" else [])
            + [str(folder / name)],
            check=True,
        )
        plain.unlink()
        calls.add(name)
        sound_sec += sound.shape[1] / hour.RATE
    named = sorted(calls)
    for at, name in enumerate(chance.sample(named, twins)):
        (folder / f"copy{at:02d}{Path(name).suffix}").write_bytes((folder / name).read_bytes())
    broken = dict(_broken(folder, named, bad))
    for name, content in broken.items():
        (folder / name).write_bytes(content)
    return Folder(calls, set(broken), sound_sec)


def _sounds() -> Iterator[hour.Sound]:
    """Stretches of speech with other sounds, of one and of two channels in turn, all different."""
    clips = hour.clips()
    turn = 0
    while True:
        yield hour.fill(clips, SHORT_SEC[1] * hour.RATE, 1 + turn % 2)
        turn += 1


def _broken(folder: Path, names: list[str], number: int) -> Iterator[tuple[str, bytes]]:
    noise = np.random.default_rng(SEED)
    for at in range(number):
        whole = (folder / names[at]).read_bytes()
        yield (
            f"bad{at:02d}{Path(names[at]).suffix}",
            (whole[: 10 + at], b"no sound " + bytes([at]), noise.bytes(2_000))[at % 3],
        )
