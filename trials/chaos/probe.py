"""The harness's own analysis: returns a digest of its input, records each computation, and works or
dies as the audio commands."""

import hashlib
import os
import signal
import time
from collections.abc import Sequence

from earshot.analysis.findings import Classification, Findings
from earshot.analysis.types import Release
from earshot.audio.clip import Clip
from trials.chaos import script

LOG, WORK_MS = "CHAOS_PROBE_LOG", "CHAOS_PROBE_WORK_MS"
"""Environment of the workers: the file for recording each computation, and the time of an ordinary
chunk. Without the first nothing is recorded, worked or killed: so the undisturbed reference runs
the same code."""


class ProbeFindings(Findings):
    """``digest``: SHA-256 of the samples, as float32."""

    digest: str

    def classification(self) -> Classification:
        label = "odd" if int(self.digest[-1], 16) % 2 else "even"
        return Classification(
            label=label,
            confidence=1.0,
            scores={"even": float(label == "even"), "odd": float(label == "odd")},
        )


FINDINGS = ProbeFindings


def load(release: Release, device: str) -> None:
    """Nothing to load."""


def analyze(model: None, clips: Sequence[Clip]) -> list[ProbeFindings]:
    """The digest of each clip's samples."""
    log = os.environ.get(LOG)
    if log:
        for clip in clips:
            _note(log, "take", clip)
    return [_answer(clip) for clip in clips]


def _answer(clip: Clip) -> ProbeFindings:
    samples = clip.read()
    log = os.environ.get(LOG)
    if log:
        _note(log, "begin", clip)
        _act(script.command(samples))
        _note(log, "end", clip)
    return ProbeFindings(digest=hashlib.sha256(samples.tobytes()).hexdigest())


def _act(command: script.Command) -> None:
    if command is script.KILLS_CHILD:
        os.kill(os.getpid(), signal.SIGKILL)
    if command is script.KILLS_GROUP:
        os.killpg(os.getpgid(0), signal.SIGKILL)
    seconds = command if isinstance(command, float) else float(os.environ[WORK_MS]) / 1000
    time.sleep(seconds)  # a slow device


def _note(log: str, what: str, clip: Clip) -> None:
    """Records one line in one write, so that lines of several processes never mix and none is lost
    when the writer is killed."""
    line = f"{what} {clip.ref.recording_id}:{clip.ref.index} {os.getpid()} {time.time():.3f}\n"
    handle = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(handle, line.encode())
    finally:
        os.close(handle)
