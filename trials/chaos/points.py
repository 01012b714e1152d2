"""The exact points at which a worker is killed, as data: the function, the process, and the worker
concerned."""

from dataclasses import asdict, dataclass
from typing import Literal


@dataclass(frozen=True)
class Point:
    """``qualname`` of ``module`` is called or returns; ``within``: only below that function;
    ``task``: only for that task; ``batch_of``: only while this analysis processes a batch of
    several chunks."""

    title: str
    worker: str
    module: str
    qualname: str
    event: Literal["call", "return"]
    within: str | None = None
    task: str | None = None
    batch_of: str | None = None
    """Module of the analysis. Its input is recorded as by the probe, so that extra work is
    counted."""
    group: bool = False
    """The whole worker group dies, not only the process that reached the point."""

    def armed(self, markers: str, times: int) -> dict[str, object]:
        """The configuration for ``crashpoint/sitecustomize.py``."""
        return {**asdict(self), "markers": markers, "times": times}


_REDIS_BACKEND = "celery.backends.redis"

POINTS = {
    "mid_task": Point(
        "in the middle of a task",
        "work-1",
        "earshot.audio.clip",
        "Clip.read",
        "return",
        within="analyze",
    ),
    "stored_not_counted": Point(
        "result stored, not counted in the chord",
        "work-1",
        _REDIS_BACKEND,
        "RedisBackend.on_chord_part_return",
        "call",
    ),
    "claimed_not_published": Point(
        "last part claimed, body not published",
        "work-1",
        _REDIS_BACKEND,
        "RedisBackend._chord_publish_claim_expires",
        "call",
    ),
    "merge_before_commit": Point(
        "in merge, before the commit",
        "merge",
        "psycopg.transaction",
        "BaseTransaction._commit_gen",
        "call",
        within="merge",
    ),
    "merge_after_commit": Point(
        "in merge, after the commit", "merge", "earshot.storage.postgres.ledger", "merge", "return"
    ),
    "report_computed": Point(
        "report computed, not written",
        "merge",
        "earshot.analysis.report.report",
        "build_report",
        "return",
    ),
    "merged_not_acked": Point(
        "merge returned, message not acknowledged",
        "merge",
        "celery.worker.request",
        "Request.acknowledge",
        "call",
        task="merge.batch",
        group=True,
    ),
}

MID_BATCH = {
    "emotion": Point(
        "a batch of several chunks in a GPU pool: emotion",
        "gpu",
        "earshot.models.emotion.on_whisper",
        "EmotionOnWhisper._shares",
        "return",
        batch_of="workers.emotion",
    ),
    "asr": Point(
        "a batch of several chunks in a GPU pool: asr",
        "gpu",
        "earshot.models.asr.moonshine",
        "Moonshine._recognition",
        "return",
        batch_of="workers.asr",
    ),
}
"""Point of each analysis: a part of the batch has been through the network or the recogniser, the
rest has not."""
