"""Measures the memory of CPU pools: a real worker with two children, all CPU analyses loaded, after
a hundred chunks each."""

import json
import os
import sys
import tempfile
from functools import partial
from pathlib import Path
from uuid import uuid4

import psutil
from celery.result import AsyncResult
from celery.states import PROPAGATE_STATES, SUCCESS

from cli.localstack import postgres, processes, redis, waiting
from earshot.analysis.report.parts import RecordingInfo
from earshot.audio.prepare import Prepared, prepare
from earshot.models.checkpoints.defaults import default_release
from earshot.registry import Card, cards
from earshot.storage.postgres.migrate import migrate
from tasks.process.environment import process_env
from workers.direct import chunk_ref, describe, job_of

CHUNKS = 200
"""Of each analysis, by default: a hundred for each child."""
CHILDREN = 2
LIMIT_SEC = 300
WORKER = "pool"


def main() -> None:
    """Prints, in MB, the maximum over children: resident, proportional and private memory; and the
    threads, and true if a torch library is mapped."""
    path, chunks = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else CHUNKS
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        url, database = redis.start(home), postgres.start(home)
        try:
            redis.wait(home)
            migrate(database)
            servers = {"EARSHOT_REDIS_URL": url, "EARSHOT_DATABASE_URL": database}
            os.environ |= {**servers, "EARSHOT_HOME": str(home), **process_env()}
            print(json.dumps(_measured(home, path, chunks)))
        finally:
            processes.stop(home, [WORKER, redis.NAME], 20)
            postgres.stop(home)


def _measured(home: Path, path: Path, chunks: int) -> dict[str, float]:
    analyses, recording_id = (
        [card for card in cards() if card.pool == "cpu" and card.scope == "chunk"],
        uuid4(),
    )
    prepared = prepare(
        path, recording_id, f"file://{home}/audio", rates={card.sample_rate for card in analyses}
    )
    ready = home / "ready"
    argv = [
        sys.executable,
        "-m",
        "earshot",
        "worker",
        *(card.name for card in analyses),
        "--concurrency",
        str(CHILDREN),
    ]
    worker = processes.start(home, WORKER, argv, {"EARSHOT_READY_FILE": str(ready)})
    waiting.until(lambda: _is_up(home, ready), LIMIT_SEC, "the worker", worker.log)
    names = tuple(card.name for card in analyses)
    info = describe(path, recording_id, prepared, roles=(), language="en", names=names)
    _work(analyses, info, prepared, chunks)
    children = psutil.Process(worker.pid).children()
    held = [child.memory_full_info() for child in children]
    mapped = any("torch" in each.path for child in children for each in child.memory_maps())
    return {
        **{
            name: max(getattr(each, name) for each in held) / 2**20
            for name in ("rss", "pss", "uss")
        },
        "threads": max(child.num_threads() for child in children),
        "torch": int(mapped),
        "children": len(children),
    }


def _is_up(home: Path, ready: Path) -> bool:
    processes.check_running(home, WORKER)
    return ready.exists()


def _work(analyses: list[Card], info: RecordingInfo, prepared: Prepared, chunks: int) -> None:
    """Sends the jobs as dispatch does, without the chord around them, and waits for all receipts.
    The recording's audio is repeated until there are enough chunks."""
    from tasks.app import app

    sent = []
    for number in range(chunks):
        chunk = info.chunks[number % len(info.chunks)].model_copy(update={"index": number})
        for card in analyses:
            ref = chunk_ref(info, prepared, card.sample_rate, chunk)
            job = job_of(default_release(card.name), [ref])
            sent.append(app.send_task(f"analyze.{card.name}", [job.model_dump(mode="json")]))
    for each in sent:
        waiting.until(partial(_is_done, each), LIMIT_SEC, "a receipt")


def _is_done(sent: AsyncResult) -> bool:
    meta = sent.backend.get_task_meta(sent.id)
    if meta["status"] in PROPAGATE_STATES:
        raise RuntimeError(f"a job failed: {meta['result']}")
    return bool(meta["status"] == SUCCESS)


if __name__ == "__main__":
    main()
