"""Periodic tasks are due when beat starts, those with times of day at these alone."""

from datetime import timedelta

from celery import Celery
from celery.schedules import crontab

from tasks.beat import Scheduler


def test_a_scan_is_not_due_at_a_start() -> None:
    app = Celery(set_as_current=False)
    now = app.now()
    other = (now.hour + 12) % 24
    app.conf.beat_schedule = {
        "reconcile": {"task": "upkeep.reconcile", "schedule": timedelta(hours=1)},
        "scan": {"task": "upkeep.scan", "schedule": crontab(minute="0", hour=str(other))},
    }
    schedule = Scheduler(app=app).schedule
    assert schedule["reconcile"].is_due().is_due
    assert not schedule["scan"].is_due().is_due
