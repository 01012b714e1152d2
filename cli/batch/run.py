"""``earshot batch``: analyses new files, follows all of them, and writes the files of the run."""

import fcntl
import logging
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel

from cli.batch import measured, servers
from cli.batch.folder import files_in, input_folder
from cli.batch.log import logged, note
from cli.batch.measured import Measured
from cli.batch.monitor import Monitor
from cli.batch.named_models import check_files, check_releases
from cli.batch.outputs import NAMES, FailedCalls, FileStatuses, Outputs
from cli.batch.performance import Files
from cli.batch.results import Results
from cli.batch.servers import Served
from cli.deliver import workers_alive
from cli.localstack.limits import Effective, number, of_this_machine
from earshot.analysis.errors import Unavailable
from earshot.analysis.printable import json_text
from earshot.pipeline.releases import active
from earshot.settings import Settings, settings
from earshot.storage.postgres import lookup
from earshot.storage.postgres.db import Connection
from earshot.storage.redis import client as redis
from earshot.storage.redis import timings
from producer.admission import room
from producer.batch import Content, Refused, Run, contents, stored
from producer.patience import Patience
from producer.submit import Options

CSV, PERFORMANCE, FAILED, STATUSES = NAMES
MEMORY, CHUNKS = "memory", "chunks"


def run(*, save_csv: bool, with_performance: bool, retry_failed: bool) -> int:
    """Returns 1 if a file failed.

    Raises:
        Misconfigured: a setting is wrong; nothing was started.
        Unavailable: ``busy``, another run writes to the same folder; or as the services.
        Permanent: ``unwritable``.
    """
    config, began, started = settings(), time.monotonic(), datetime.now(UTC)
    check_files(config)
    folder = input_folder(config)
    output = config.beside_config(config.output_dir)
    with _alone(output):
        outputs = Outputs(output, config.beside_config(config.log_dir), datetime.now())
        with logged(outputs.log):
            left_out = Counter[str]()
            files = files_in(folder, left_out)
            note(f"{folder}: {len(files)} files; {sum(left_out.values())} others are left out")
            with servers.serving() as served:
                work = _Work(config, files, folder, served, retry_failed)
                results = work.done()
                if save_csv:
                    note(str(outputs.write(CSV, results.table())))
                statuses = results.statuses()
                failed = [each for each in statuses if each.status == "failed"]
                bodies: dict[str, BaseModel] = {
                    FAILED: FailedCalls(files=tuple(failed)),
                    STATUSES: FileStatuses(files=tuple(statuses)),
                }
                if with_performance:
                    found = work.measured(started, time.monotonic() - began, results)
                    bodies[PERFORMANCE] = measured.report(found, work.monitor)
                for name, body in bodies.items():
                    text = json_text(body.model_dump(mode="json"), 2)
                    note(str(outputs.write(name, [text, "\n"])))
            note(f"{len(statuses)} files, {len(failed)} failed; log: {outputs.log}")
    return int(bool(failed))


@contextmanager
def _alone(output: Path) -> Iterator[None]:
    """One run at a time on a folder of output."""
    output.mkdir(parents=True, exist_ok=True)
    with (output / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unavailable("busy", f"another run is writing to {output}") from None
        yield


class _Work:
    """The work of a run, between a started stack and its files."""

    def __init__(
        self,
        config: Settings,
        files: Sequence[Path],
        folder: Path,
        served: Served,
        retry_failed: bool,
    ) -> None:
        self._config, self._files, self._served = settings(), files, served
        self._asked = config
        self._retry_failed = retry_failed
        self._results = Results(files, folder)
        self._limits = of_this_machine()
        self._options = Options()
        self.monitor = Monitor(lambda: servers.roots(served), servers.queue_lengths)
        self._models: list[Effective] = []
        self._before = self._after = timings.read(redis.client())
        self._failed_chunks: tuple[lookup.FailedParts, ...] = ()
        self._sound_sec = 0.0
        self._held: dict[str, float] = {}

    def done(self) -> Results:
        """Returns when every call is finished."""
        patience = Patience(note, workers_alive())
        with patience, self.monitor:
            self._models = patience(lambda each: check_releases(self._asked, active(each)))
            found, unreadable = contents(self._files, int(number(self._limits.io_children)))
            for each in unreadable:
                self._refuse(each)
            known = patience(
                lambda each: stored(each, found, self._options, failed_again=self._retry_failed)
            )
            note(f"{len(found)} calls, {len(known)} of them known")
            self._follow(patience, found, known)
            self._count(patience)
        return self._results

    def _follow(
        self, patience: Patience, found: Sequence[Content], known: dict[str, lookup.Stored]
    ) -> None:
        work = Run(patience, self._options, int(number(self._limits.files_in_work)), self._reason)
        firsts, at = {each.paths[0] for each in found}, 0
        for each in work(found, known):
            at += not isinstance(each, Refused) or each.path in firsts
            place = f"[{at}/{len(found)}]"
            if isinstance(each, Refused):
                self._refuse(each, place)
                continue
            line = self._results.finish(patience, each)
            note(f"{place} {line.text}", logging.WARNING if line.failed else logging.INFO)
        self._held = work.held_sec

    def _refuse(self, each: Refused, place: str = "") -> None:
        self._results.refuse(each)
        note(f"{place} {each.path}: {each.code}: {each.detail}".strip(), logging.WARNING)

    def _reason(self, connection: Connection) -> str | None:
        if self.monitor.memory_mb / 1000 > self._limits.memory_threshold_gb:
            return MEMORY
        return CHUNKS if room(connection, int(number(self._limits.chunks_in_work))) <= 0 else None

    def _count(self, patience: Patience) -> None:
        ids = self._results.analysed()
        self._sound_sec = sum(patience(lambda each: lookup.lengths_ms(each, ids)).values()) / 1000
        every = self._results.recordings()
        self._failed_chunks = tuple(patience(lambda each: lookup.failed_parts(each, every)))
        self._after = patience(lambda _: timings.read(redis.client()))

    def measured(self, started: datetime, wall_sec: float, results: Results) -> Measured:
        """What the performance report is made of."""
        statuses = results.statuses()
        done = [each for each in statuses if each.status != "failed"]
        return Measured(
            started=started,
            finished=datetime.now(UTC),
            wall_sec=wall_sec,
            served=self._served,
            files=Files(
                found=len(self._files),
                analysed=len(results.analysed()),
                reused=sum(each.reused and each.same_content_as is None for each in done),
                same_content=sum(each.same_content_as is not None for each in done),
                failed=len(statuses) - len(done),
            ),
            sound_sec=self._sound_sec,
            failed_chunks=self._failed_chunks,
            limits=(*self._limits, *self._others(), *self._models),
            timings=timings.since(self._before, self._after),
            held_sec=self._held,
        )

    def _others(self) -> Iterator[Effective]:
        """The keys whose value is used as it is, and those of the database."""
        for key in ("chunk_duration_sec", "overlap_sec"):
            value = getattr(self._config, key)
            is_set = key in self._config.model_fields_set
            yield Effective(
                key=key,
                asked=value if is_set else None,
                effective=value,
                limited_by="key" if is_set else "default",
            )
        used = self._config.database_url == self._config.named_database
        for key in ("database_type", "db_host", "db_port", "db_name", "db_user"):
            value = getattr(self._config, key)
            if value is not None:
                yield Effective(
                    key=key,
                    asked=value,
                    effective=value if used else None,
                    limited_by="key" if used else "database_url or the local stack goes first",
                )
