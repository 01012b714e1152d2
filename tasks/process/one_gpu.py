"""Assigns one GPU to each child of a worker, before CUDA is touched."""

import logging
import os
from typing import Any

from billiard.process import current_process
from celery.signals import worker_process_init

from earshot.compute.device import VISIBLE, devices

log = logging.getLogger(__name__)


@worker_process_init.connect
def _pin(**_: Any) -> None:
    """Pins a child to a device. The replacement of a dead child has its number, and so its device.
    More children than devices share them."""
    seen = devices()
    if len(seen) > 1:
        index = current_process().index
        os.environ[VISIBLE] = seen[index % len(seen)]
        log.info("child %d computes on GPU %s", index, os.environ[VISIBLE])
