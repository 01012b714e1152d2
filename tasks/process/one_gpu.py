"""One process a GPU: each child of a worker sees one of the devices that its worker sees, before
CUDA is touched at all."""

import logging
import os
from typing import Any

from billiard.process import current_process
from celery.signals import worker_process_init

from earshot.compute.device import VISIBLE, devices

log = logging.getLogger(__name__)


@worker_process_init.connect
def _pin(**_: Any) -> None:
    """A child that takes the place of one that died has its number, and so its device. Of more
    children than devices several share one."""
    seen = devices()
    if len(seen) > 1:
        index = current_process().index
        os.environ[VISIBLE] = seen[index % len(seen)]
        log.info("child %d computes on GPU %s", index, os.environ[VISIBLE])
