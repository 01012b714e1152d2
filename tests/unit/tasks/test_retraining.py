"""Trainings in the background: what is asked for, where it is sent, and how a child is watched."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

import tasks
from earshot.analysis.errors import Misconfigured
from earshot.analysis.urls import with_db
from earshot.pipeline.releasing import retraining
from earshot.pipeline.releasing.child import Child
from earshot.settings import Settings
from tasks.app import worker_argv


@pytest.mark.parametrize(
    ("url", "other"),
    [
        ("redis://:secret@host:6379/0", "redis://:secret@host:6379/1"),
        ("rediss://host", "rediss://host/1"),
        ("redis://host:6379?db=3&socket_timeout=5", "redis://host:6379/1?socket_timeout=5"),
        ("unix://:secret@/run/redis.sock", "unix://:secret@/run/redis.sock?db=1"),
        ("unix:///run/redis.sock?db=0", "unix:///run/redis.sock?db=1"),
        ("", ""),
    ],
)
def test_another_database_of_a_server(url: str, other: str) -> None:
    assert with_db(url, 1) == other


def test_trainings_have_workers_of_their_own() -> None:
    assert "tasks.retraining" in worker_argv(("retrain",), 1)
    assert "--queues=retrain" in worker_argv(("retrain",), 1)
    assert "tasks.app" in worker_argv(("merge",), 1)
    with pytest.raises(Misconfigured, match="each alone retrain"):
        worker_argv(("merge", "retrain"), 1)


def test_the_task_of_004_is_sent_to_them() -> None:
    task = tasks.train_noise_classifier
    assert (task.name, task.app.conf.task_default_queue) == ("train_noise_classifier", "retrain")


def test_options_of_the_settings_are_refused_when_they_are_read() -> None:
    assert Settings(retrain_options={"noise": {"class_balance": "sampler"}}).retrain_options
    with pytest.raises(ValidationError, match=r"'class-balance' is no option.*as class_balance"):
        Settings(retrain_options={"noise": {"class-balance": "sampler"}})


@pytest.mark.parametrize(
    ("data", "options", "reason"),
    [
        (".", {"out": "/etc"}, "'out' is no option"),
        (".", {"--epochs": 3}, "no option"),
        (".", {"labels": ["a"]}, "labels: its value is neither"),
    ],
)
def test_a_training_is_refused_before_it_begins(
    data: str, options: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Misconfigured, match=reason):
        retraining.asked(uuid4(), "noise", data, options)


def test_a_child_reports_and_is_stopped(tmp_path: Path) -> None:
    told: list[Mapping[str, Any]] = []

    def beat(progress: Mapping[str, Any]) -> bool:
        told.append(progress)
        return True

    ended = Child(["no-such-verb"], tmp_path / "run" / "log.txt", beat, every=0.1).run()
    assert (ended.code != 0, ended.stopped) == (True, False)
    assert "no-such-verb" in ended.reason
    assert "no-such-verb" in (tmp_path / "run" / "log.txt").read_text()
    assert told
    stopped = Child(["no-such-verb"], tmp_path / "log.txt", lambda _: False, every=0.1).run()
    assert stopped.stopped
