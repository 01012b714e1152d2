"""Metrics of classification, by the names of 000-29..31."""

from prometheus_client import Counter, Histogram, disable_created_metrics

from earshot.analysis.findings import UNCLEAR
from workers.short import LABELS

disable_created_metrics()  # type: ignore[no-untyped-call]

# Counters are exposed with the suffix `_total`.
SCENES = Counter("classify_scene", "Scenes answered by POST /scene.", ["label"])
EMOTIONS = Counter("classify_emotion", "Emotions answered by POST /emotion.", ["label"])
DURATIONS = Histogram(
    "classify_duration_seconds",
    "Time from the whole body to the answer.",
    ["type"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)

# All label values exist from the start, so that rates are right from the first answer on.
ANSWERS = {
    analysis: {label: counter.labels(label) for label in (*LABELS[analysis], UNCLEAR)}
    for analysis, counter in (("scene", SCENES), ("emotion", EMOTIONS))
}
TIMES = {analysis: DURATIONS.labels(analysis) for analysis in LABELS}
