"""The bare side of ``trials.bench.gateway``: classifies one sound again and again."""

import argparse
import json
import sys
import time
from collections.abc import Callable

import numpy as np

from earshot.compute.sound import SAMPLE_RATE
from earshot.models.checkpoints.defaults import default_release
from workers import scene
from workers.short import Sound, open_scene

WARM_UP = 50


def sound() -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    """One second of noise with a tone in it."""
    times = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    hiss = 0.05 * np.random.default_rng(0).standard_normal(SAMPLE_RATE)
    return (hiss + 0.2 * np.sin(2 * np.pi * 440 * times)).astype(np.float32)


def main() -> None:
    """Says that it is ready, waits for a line, and prints what it measured as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--kind", choices=("calls", "network"), default="calls")
    asked = parser.parse_args()
    release, samples = default_release("scene"), sound()
    classify, network = open_scene(release), scene.load(release, "cpu")
    calls: dict[str, Callable[[], object]] = {
        "calls": lambda: classify([Sound(samples, SAMPLE_RATE)]),
        "network": lambda: network.scores(samples, SAMPLE_RATE),
    }
    call = calls[asked.kind]
    for _ in range(WARM_UP):
        call()
    print("ready", flush=True)
    sys.stdin.readline()
    began, cpu, took = time.perf_counter(), time.process_time(), list[float]()
    while len(took) < asked.calls or time.perf_counter() - began < asked.seconds:
        start = time.perf_counter()
        call()
        took.append((time.perf_counter() - start) * 1000)
    figures = {
        "calls": len(took),
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
    }
    print(json.dumps({**figures, "ms": took if asked.calls else []}))


if __name__ == "__main__":
    main()
