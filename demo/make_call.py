"""Generates ``demo/call.ogg`` and ``demo/call.json`` from ``demo/script.json``: ``python -m
demo.make_call`` (needs flite)."""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demo.sounds import hold_music, room, street
from demo.voice import speak

FOLDER = Path(__file__).resolve().parent
SPEECH_PEAK = 0.35
MUSIC_PEAK = 0.25
STREET_PEAK = 0.3
ROOM_LEVEL = 0.0003
"""RMS of the line noise, -70 dBFS: silence on a telephone is never digital silence."""
QUALITY = 0.4
"""Of Vorbis, 0 to 1."""


@dataclass
class Call:
    """A call in progress: sounds with their places, and the times so far."""

    rate: int
    roles: list[str]
    now: float = 0.0  # seconds
    sounds: list[tuple[int, float, NDArray[np.float64]]] = field(
        default_factory=list
    )  # channel, start in s, samples
    utterances: list[dict[str, Any]] = field(default_factory=list)
    scenes: list[dict[str, Any]] = field(default_factory=list)

    def add(self, channel: int, gap: float, samples: NDArray[np.float64]) -> dict[str, int]:
        """Places a sound ``gap`` seconds after what came before; returns its times in ms."""
        start = self.now + gap
        self.sounds.append((channel, start, samples))
        self.now = max(self.now, start + len(samples) / self.rate)
        return {
            "start_ms": round(start * 1000),
            "end_ms": round((start + len(samples) / self.rate) * 1000),
        }

    def mix(self) -> NDArray[np.float64]:
        """All sounds over the line's noise, shape (channels, samples)."""
        count = round(self.now * self.rate)
        out = np.stack([ROOM_LEVEL * room(count, seed) for seed in range(len(self.roles))])
        for channel, start, samples in self.sounds:
            first = round(start * self.rate)
            fits = min(len(samples), count - first)
            out[channel, first : first + fits] += samples[:fits]
        return np.clip(out, -1, 1)


def compose(script: dict[str, Any]) -> Call:
    """Renders the script: speech on the speaker's channel, music on the agent's, street noise on
    the customer's."""
    call = Call(script["sample_rate"], script["roles"])
    for event in script["events"]:
        if "role" in event:
            _say(call, event, script["voices"][event["role"]])
        elif event["scene"] == "silence":
            call.scenes.append(
                {
                    "label": "silence",
                    **call.add(0, 0.0, np.zeros(round(event["seconds"] * call.rate))),
                }
            )
        elif event["scene"] == "music":
            music = MUSIC_PEAK * hold_music(event["seconds"], call.rate)
            call.scenes.append(
                {"label": "music", **call.add(call.roles.index("agent"), event["gap"], music)}
            )
        else:
            noise = STREET_PEAK * street(event["seconds"], call.rate, seed=7)
            call.scenes.append(
                {"label": "noise", **call.add(call.roles.index("customer"), event["gap"], noise)}
            )
    return call


def _say(call: Call, event: dict[str, Any], voice: str) -> None:
    samples, rate = speak(event["text"], voice, event.get("stretch", 1.0), event.get("shift", 1.0))
    if rate != call.rate:
        raise ValueError(
            f"voice {voice} speaks at {rate} Hz, the call is made at {call.rate} Hz; choose another"
            " voice"
        )
    channel = call.roles.index(event["role"])
    times = call.add(channel, event["gap"], SPEECH_PEAK * event.get("gain", 1.0) * samples)
    call.utterances.append(
        {"channel": channel, "role": event["role"], **times, "text": event["text"]}
    )
    scenes = call.scenes
    if scenes and scenes[-1]["label"] == "speech":
        scenes[-1]["end_ms"] = max(scenes[-1]["end_ms"], times["end_ms"])
    else:
        scenes.append({"label": "speech", **times})


def write_ogg(path: Path, samples: NDArray[np.float64], rate: int) -> None:
    """Ogg Vorbis; only the stream number in the file differs from run to run, the sound does
    not."""
    import soundfile

    with soundfile.SoundFile(
        path, "w", rate, len(samples), format="OGG", subtype="VORBIS", compression_level=1 - QUALITY
    ) as file:
        for start in range(
            0, samples.shape[1], rate
        ):  # libsndfile's stack overflows on one long write
            file.write(samples[:, start : start + rate].T)


def make(folder: Path) -> None:
    """Writes ``call.ogg`` and ``call.json`` into ``folder``."""
    script = json.loads((FOLDER / "script.json").read_text())
    call = compose(script)
    samples = call.mix()
    write_ogg(folder / "call.ogg", samples, call.rate)
    timeline = {
        "sample_rate": call.rate,
        "duration_ms": round(samples.shape[1] * 1000 / call.rate),
        "roles": call.roles,
        "utterances": call.utterances,
        "scenes": call.scenes,
    }
    (folder / "call.json").write_text(json.dumps(timeline, indent=1) + "\n")


if __name__ == "__main__":
    try:
        make(FOLDER)
    except (FileNotFoundError, ImportError) as error:
        sys.exit(
            f"{error}; the demo call is made with flite (apt-get install flite) and soundfile (pip"
            " install '.[dev]')"
        )
