"""Applications beside ``tasks.app``: one queue each, whose workers serve no other one."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from celery.signals import celeryd_init
from kombu import Queue

import celeryconfig
from earshot.settings import settings
from tasks.app import Application, Stage
from tasks.messages.embeds import Service
from tasks.messages.transport import GATED
from tasks.process import environment

HANDLERS = ("tasks.process.ready_file", "tasks.process.pausing", "tasks.process.presence")
"""Modules with handlers of a worker's signals."""
SHARED = ("broker_", "redis_", "result_", "worker_")
"""Beginnings of the settings that all applications have."""


def application(
    name: str, queue: str, born: Callable[[], object] = lambda: None, **conf: Any
) -> Application:
    """An application with that queue alone; its tasks are acknowledged when they are done.

    Args:
        born: is called in each worker of it, before it has children.
        conf: what differs from ``celeryconfig``.
    """
    app = Application(
        name, task_cls=Stage, amqp="tasks.messages.transport:Queues", set_as_current=False
    )
    app.conf.update(
        {key: value for key, value in vars(celeryconfig).items() if key.startswith(SHARED)}
    )
    app.conf.update(
        accept_content=["json"],
        task_queues=[Queue(queue)],
        task_default_queue=queue,
        task_create_missing_queues=False,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_track_started=True,
        **conf,
    )
    GATED[queue] = Service(
        (queue,), (), lambda task: getattr(app.tasks.get(task), "__header__", None)
    )

    def set_up(instance: Any, **_: Any) -> None:
        if instance.app.main != name:
            return
        environment.complete()
        if not (settings().redis_url and settings().database_url):
            raise SystemExit(f"earshot: {queue} needs EARSHOT_REDIS_URL and EARSHOT_DATABASE_URL")
        for module in HANDLERS:
            import_module(module)
        born()

    celeryd_init.connect(set_up, weak=False)
    return app
