"""Kills this process, or its group, when a named function is reached: put on a worker's PYTHONPATH,
armed by CHAOS_CRASHPOINTS. Also records the input of an analysis, if the point is about one.

No code of the project is changed: the interpreter itself reports (``sys.setprofile``) which
function is called or returns.
"""

import json
import os
import signal
import sys
import threading
import time
from types import FrameType
from typing import Any

ANALYZE = "analyze"
"""Name of every analysis function (``workers.contract``); its ``clips`` are the chunks of the
batch."""


def _arm(points: list[dict[str, Any]]) -> None:
    awaited = {point["qualname"]: point for point in points}
    noted = {point["batch_of"] for point in points} - {None}

    def watch(frame: FrameType, event: str, _argument: object) -> None:
        name, module = frame.f_code.co_qualname, frame.f_globals.get("__name__")
        if name == ANALYZE and module in noted:
            _note(event, frame)
        point = awaited.get(name)
        if point is None or event != point["event"] or module != point["module"]:
            return
        if (
            _called_within(frame, point["within"])
            and _in_batch(frame, point["batch_of"])
            and _about(frame, point["task"])
        ):
            _die(point)
            del awaited[point["qualname"]]  # all its kills are done
            if not awaited and not noted:
                threading.setprofile(None)
                sys.setprofile(None)

    threading.setprofile(watch)
    sys.setprofile(watch)


def _called_within(frame: FrameType | None, qualname: str | None) -> bool:
    while qualname and frame is not None and frame.f_code.co_qualname != qualname:
        frame = frame.f_back
    return frame is not None


def _in_batch(frame: FrameType | None, analysis: str | None) -> bool:
    """True if called by that analysis during a batch of several chunks."""
    while analysis and frame is not None:
        if frame.f_code.co_qualname == ANALYZE and frame.f_globals.get("__name__") == analysis:
            return len(frame.f_locals["clips"]) > 1
        frame = frame.f_back
    return analysis is None


def _note(event: str, frame: FrameType) -> None:
    """Records as ``trials.chaos.probe`` does: lines in one write, so that none is lost or mixed
    when the writer is killed."""
    words = {"call": ("take", "begin"), "return": ("end",)}.get(event, ())
    refs = [clip.ref for clip in frame.f_locals["clips"]] if words else []
    lines = [
        f"{word} {ref.recording_id}:{ref.index} {os.getpid()} {time.time():.3f}\n"
        for word in words
        for ref in refs
    ]
    handle = os.open(os.environ["CHAOS_PROBE_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(handle, "".join(lines).encode())
    finally:
        os.close(handle)


def _about(frame: FrameType, task: str | None) -> bool:
    """For methods of Celery's requests: true only for those of this task."""
    return task is None or getattr(frame.f_locals.get("self"), "name", None) == task


def _die(point: dict[str, Any]) -> None:
    """Kills once for each planned kill of the point; later processes survive."""
    for victim in range(point["times"]):
        try:
            os.close(os.open(f"{point['markers']}.{victim}", os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            continue
        if point["group"]:
            os.killpg(os.getpgid(0), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)


if os.environ.get("CHAOS_CRASHPOINTS"):
    _arm(json.loads(os.environ["CHAOS_CRASHPOINTS"]))
