"""Measures the alarm detector: detections of generated alarms over recorded sound, and false alarms
in all recordings.

python -m training.measurements.alarms --data ../shared/data --models ../shared/models --out
docs/emergency.md

Writes the figures into the document between two markers, and prints them.
"""

import argparse
import csv
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from earshot.analysis.findings import Alarm
from earshot.analysis.types import Interval
from earshot.audio.alarms.detector import alarms
from earshot.audio.alarms.rhythm import T3, T4
from earshot.audio.features.spectra import YAMNET, Array, log_mel, patches
from earshot.audio.plan import PlanLimits, plan_chunks
from earshot.settings import Settings
from evaluation.manifest import read
from training.data.alarm_trials import (
    DEVELOPED_ON,
    HELD_OUT,
    KINDS,
    KINDS_OF_ALARM,
    Setting,
    background,
    half,
    sources,
    trials,
)
from training.data.datasets import RATE, waveform
from training.fitting.teacher import yamnet

BEGIN, END = "<!-- figures: python -m training.measurements.alarms -->", "<!-- end of figures -->"
THRESHOLD: float = Settings.model_fields["alarm_threshold"].default
NEARLY = 0.5
"""Threshold for reporting near misses."""
SNRS = (-5, 0, 10)
TEACHERS = (
    "Smoke detector, smoke alarm",
    "Fire alarm",
    "Siren",
    "Alarm",
    "Civil defense siren",
    "Buzzer",
    "Bell",
)
"""Classes of YAMNet used as a cross-check."""


def detect(sound: Array, threshold: float = THRESHOLD) -> tuple[Alarm, ...]:
    """Detects alarms as the worker does on a chunk with this audio."""
    return alarms(sound, RATE, Interval(start_ms=0, end_ms=len(sound) * 1000 // RATE), threshold)


def found(data: Path, count: int) -> Iterator[str]:
    """Lines of Markdown: share of alarms found, on recordings not used for development."""
    yield (
        "| laid over | band | "
        + " | ".join(f"{snr:+d} dB" for snr in SNRS)
        + " | 0 dB, one group only |"
    )
    yield "|---|---|--:|--:|--:|--:|"
    each: Counter[tuple[str, int, bool]] = Counter()
    total: Counter[int | None] = Counter()
    for kind in KINDS:
        for telephone in (False, True):
            cells = []
            for setting in (
                *(Setting(kind, snr, telephone) for snr in SNRS),
                Setting(kind, 0, telephone, groups=1),
            ):
                hits = []
                for trial in trials(data, setting, HELD_OUT, count):
                    hits.append(trial.found_in(detect(trial.waveform)))
                    if setting.snr == 0 and setting.groups is None:
                        each[trial.rhythm.name, trial.nominal, telephone] += hits[-1]
                cells.append(f"{np.mean(hits):.3f}")
                total[None if setting.groups else int(setting.snr)] += sum(hits)
            yield f"| {kind} | {'telephone' if telephone else 'wide'} | {' | '.join(cells)} |"
    many = 2 * len(KINDS) * len(KINDS_OF_ALARM) * count
    yield (
        f"| **all**, {many} each | | "
        + " | ".join(f"**{total[key] / many:.3f}**" for key in (*SNRS, None))
        + " |"
    )
    yield ""
    yield "| at 0 dB | wide | telephone |"
    yield "|---|--:|--:|"
    for rhythm, nominal in KINDS_OF_ALARM:
        shares = [
            each[rhythm.name, nominal, telephone] / (len(KINDS) * count)
            for telephone in (False, True)
        ]
        yield f"| {rhythm.name} at {nominal} Hz | {shares[0]:.3f} | {shares[1]:.3f} |"


def false(data: Path) -> Iterator[str]:
    """Lines of Markdown: detections in recordings without a generated alarm."""
    rows, alarms_found, nearly, seconds, cpu = read(data / "labels.jsonl"), [], [], 0.0, 0.0
    for row in rows:
        sound = waveform(data / row.path)
        seconds += len(sound) / RATE
        began = time.process_time()
        alarms_found += [row.path for chunk in chunks(sound) for _ in detect(chunk)]
        cpu += time.process_time() - began
        almost = [alarm for chunk in chunks(sound) for alarm in detect(chunk, NEARLY)]
        nearly += [
            (alarm.confidence, alarm.pattern, alarm.frequency_hz, row.path) for alarm in almost
        ]
    yield (
        f"False alarms: **{len(alarms_found)}** in {len(rows)} recordings, {seconds / 3600:.2f} h;"
        f" {cpu:.0f} s of CPU to listen."
    )
    yield from (f"- `{path}`" for path in alarms_found)
    yield ""
    yield (
        f"What came closest (T3 needs {THRESHOLD + T3.margin:.2f}, T4 {THRESHOLD + T4.margin:.2f}):"
    )
    yield ""
    for part, name in ((DEVELOPED_ON, "developed on"), (HELD_OUT, "held out")):
        best = sorted(
            (each for each in nearly if half(Path(each[3])) == part), key=lambda each: -each[0]
        )[:3]
        closest = [
            f"{score:.2f} {pattern} at {hertz} Hz in `{path}`"
            for score, pattern, hertz, path in best
        ]
        yield f"- {name}: {'; '.join(closest) or 'nothing'}"


def chunks(sound: Array) -> Iterator[Array]:
    """Chunks of audio without speech, cut as in ingest."""
    for span in plan_chunks(len(sound) * 1000 // RATE, (), PlanLimits()):
        yield sound[span.start_ms * RATE // 1000 : span.end_ms * RATE // 1000]


def composed(data: Path, count: int) -> Iterator[str]:
    """Lines of Markdown: detections in composed chunks without an alarm, and the CPU time of
    one."""
    found_here, spent = 0, []
    random = np.random.default_rng(5)
    for kind in KINDS:
        paths = sources(data, kind, HELD_OUT)
        for _ in range(count):
            chunk = background(random, paths)
            began = time.process_time()
            found_here += len(detect(chunk))
            spent.append(time.process_time() - began)
    yield (
        f"In {len(spent)} chunks of 25 s put together from held-out recordings: **{found_here}**."
        f" CPU for a chunk: {1000 * np.median(spent):.1f} ms (median)."
    )


def checked(data: Path, models: Path) -> Iterator[str]:
    """Lines of Markdown: unnamed noises that YAMNet classifies as an alarm, and the detector's
    results for them."""
    with (models / "yamnet" / "yamnet_class_map.csv").open(encoding="utf-8") as file:
        names = [line["display_name"] for line in csv.DictReader(file)]
    where = {name: names.index(name) for name in TEACHERS if name in names}
    rows = [
        row
        for row in read(data / "labels.jsonl")
        if row.source in ("noise/nonspeech100", "noise/babycry", "noise/speechbrain")
    ]
    classes: Counter[str] = Counter()
    alarmed = 0
    for row in rows:
        sound = waveform(data / row.path)
        score = yamnet(models, patches(log_mel(sound, RATE, YAMNET), 96, 48)).max(axis=0)
        names_here = [name for name, index in where.items() if score[index] >= 0.5]
        classes.update(names_here)
        alarmed += bool(names_here and any(detect(chunk) for chunk in chunks(sound)))
    yield (
        f"YAMNet, as a check: of {len(rows)} unnamed noises it hears (score of 0.5 or more) "
        + ", ".join(f"{name} in {count}" for name, count in classes.most_common())
        + f". The detector calls {alarmed} of these an alarm."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path)
    parser.add_argument(
        "--count", type=int, default=25, help="alarms of each rhythm and pitch in each condition"
    )
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    command = f"python -m training.measurements.alarms {' '.join(sys.argv[1:])}"
    lines = [
        f"`{command}`, threshold {THRESHOLD}.",
        "",
        *found(args.data, args.count),
        "",
        *false(args.data),
        "",
    ]
    lines += composed(args.data, 4 * args.count)
    lines += ["", *checked(args.data, args.models)] if args.models else []
    print("\n".join(lines))
    if args.out:
        before, _, rest = args.out.read_text(encoding="utf-8").partition(BEGIN)
        text = "\n".join([before + BEGIN, *lines, END + rest.partition(END)[2]])
        args.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
