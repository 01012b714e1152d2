"""The file of figures: its keys, and those of version 1."""

import json

from evaluation.metrics import SCHEMA_VERSION, Diarized, Metrics

OLD = """{"diarization": {"n": 1, "release": "diarization-embedded-1", "rtf": 0.0005,
  "audio_seconds": 20.0, "unanswered": {}, "left_out": [],
  "passed_over": {"unlabelled": 0, "unmapped": {}, "uncovered": {}},
  "der": 0.3, "missed": 0.1, "invented": 0.05, "confused": 0.15, "collar_seconds": 0.25,
  "overlap": "counted: where two speak at once, each counts", "per_source": {},
  "per_file": {"a.wav": {"der": 0.3, "missed_ms": 100, "invented_ms": 50, "confused_ms": 150,
    "spoken_ms": 1000}}}}"""


def test_a_file_with_the_keys_of_version_1_is_read() -> None:
    figures = Metrics.model_validate_json(OLD).root["diarization"]
    assert isinstance(figures, Diarized)
    assert (figures.missed_detection, figures.false_alarm, figures.confusion) == (0.1, 0.05, 0.15)
    one = figures.per_file["a.wav"]
    assert (one.missed_detection_ms, one.false_alarm_ms, one.confusion_ms) == (100, 50, 150)


def test_it_is_written_with_the_keys_of_this_version_and_read_again() -> None:
    metrics = Metrics.model_validate_json(OLD)
    written = metrics.model_dump_json()
    figures = json.loads(written)["diarization"]
    assert figures["schema_version"] == SCHEMA_VERSION == "2.0"
    assert not {"missed", "invented", "confused"} & set(figures)
    assert {"missed_detection", "false_alarm", "confusion"} <= set(figures)
    assert Metrics.model_validate_json(written) == metrics
