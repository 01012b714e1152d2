"""``make bench-live``: latency, revisions and errors of live sessions, alone, as many as admission
allows, and beside saturated bulk pools; in one run, with JSON and a table."""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect

from cli.localstack import gateway_process, postgres, waiting
from cli.localstack import redis as local_redis
from cli.terminal import endings
from earshot.analysis.findings import AsrFindings
from earshot.models.checkpoints.defaults import default_releases
from earshot.storage.postgres import db
from earshot.storage.redis.client import client
from earshot.storage.redis.live.keys import open_sessions
from producer.live import FULL
from tests.servers import accepts, free_port
from trials.bench import hour
from trials.bench.table import Row, below, markdown
from trials.live.figures import Figures, errors, figures
from trials.live.recordings import Spoken, sessions
from trials.live.streaming import Streamed, stream
from trials.live.virtual import streamed
from workers.direct import Analyser

PARTS = ("core", "one", "full", "bulk")
TITLES = {"core": "one core, by CPU time", "one": "one session"}
SAME, WAIT_SEC = 1.10, 120.0
MERGED = "SELECT FROM finding LIMIT 1"
OPEN = "SELECT FROM recording WHERE finished_at IS NULL LIMIT 1"
WER_BAR, REVISIONS_BAR = 0.03, 0.3
BARS = {
    "partial_p50": ("audio to partial, p50", 250),
    "partial_p95": ("audio to partial, p95", 450),
    "first_p95": ("first partial after the first word began, p95", 900),
    "final_p50": ("final after the end of speech, p50", 450),
    "final_p95": ("final after the end of speech, p95", 700),
}


def main() -> int:
    """Prints the table; exit status 1 when a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m trials.live", description=__doc__)
    parser.add_argument("--recordings", type=int, default=12, help="in a session")
    parser.add_argument("--part", choices=PARTS, action="append", help="default: all")
    parser.add_argument("--json", type=Path, help="file for all figures")
    asked = parser.parse_args()
    endings.listen()
    found: dict[str, Any] = {}
    parts = asked.part or PARTS
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        spoken = sessions(1, asked.recordings)
        found["batch_wer"] = _batch(Path(folder), spoken)
        if "core" in parts:
            done, cost = streamed(spoken[0])
            found["core"] = {**figures([done]), "cpu_per_second": cost}
        parts = [part for part in parts if part != "core"]
        if parts:
            url, token, home = running.enter_context(_stack(Path(folder)))
            room = _room(home)
        for part in parts:
            spoken = sessions(room if part == "full" else 1, asked.recordings)
            if part == "bulk":
                with _saturated(Path(folder), home):
                    found[part] = figures(asyncio.run(_all(url, token, spoken)))
            elif part == "full":
                all_of_them, refused_ms = asyncio.run(_full(url, token, spoken, home))
                found[part] = {**figures(all_of_them), "sessions": room, "refused_ms": refused_ms}
            else:
                found[part] = figures(asyncio.run(_all(url, token, spoken)))
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1), encoding="utf-8")
    rows = list(_rows(found))
    print(markdown(f"python -m trials.live --recordings {asked.recordings}", rows))
    return 0 if all(row.kept for row in rows) else 1


async def _all(url: str, token: str, spoken: Sequence[Spoken]) -> list[Streamed]:
    apart = (stream(url, token, each, index * 0.37) for index, each in enumerate(spoken))
    return list(await asyncio.gather(*apart))


async def _full(
    url: str, token: str, spoken: Sequence[Spoken], home: Path
) -> tuple[list[Streamed], float]:
    """As many sessions as there is room for, and the time in which one more is refused."""
    talking = asyncio.create_task(_all(url, token, spoken))
    redis = client(local_redis.url(home))
    await asyncio.to_thread(
        waiting.until, lambda: len(open_sessions(redis)) == len(spoken), WAIT_SEC, "all sessions"
    )
    address = f"{url.replace('http', 'ws')}/transcribe/stream"
    headers = {"Authorization": f"Bearer {token}"}
    began = time.perf_counter()
    async with connect(address, additional_headers=headers, proxy=None) as socket:
        await socket.wait_closed()
        if socket.close_code != FULL:
            raise AssertionError(f"one session more was not refused: {socket.close_code}")
    refused_ms = 1000 * (time.perf_counter() - began)
    return await talking, refused_ms


def _batch(folder: Path, spoken: Sequence[Spoken]) -> float:
    """Word error rate of the batch lane on the same sound."""
    analyser = Analyser(f"file://{folder / 'batch'}", default_releases())
    pairs = []
    for index, each in enumerate(spoken):
        path = folder / f"batch-{index}.wav"
        hour.write(path, each.samples[None])
        evidence = analyser.analyse(path, ["asr"], roles=()).evidence
        words = [word.text for _, one in evidence.found("asr", AsrFindings) for word in one.words]
        pairs.append((each.text, " ".join(words)))
    return errors(pairs).wer


@contextmanager
def _stack(folder: Path) -> Iterator[tuple[str, str, Path]]:
    """A local stack as ``earshot up`` starts it: URL, token and home."""
    home, port = folder / "home", free_port()
    own = {"EARSHOT_HOME": str(home), "EARSHOT_GATEWAY_PORT": str(port)}
    os.environ.update(own)
    command = [sys.executable, "-m", "earshot"]
    subprocess.run([*command, "up"], check=True, stderr=subprocess.DEVNULL)
    try:
        assert accepts(port)
        token = gateway_process.token_file(home).read_text(encoding="utf-8").strip()
        yield f"http://127.0.0.1:{port}", token, home
    finally:
        subprocess.run([*command, "down"], check=False, stderr=subprocess.DEVNULL)


def _room(home: Path) -> int:
    """Sessions that the live process says it carries."""
    log = home / "logs" / "live.log"
    until = time.monotonic() + 60
    while time.monotonic() < until:
        text = log.read_text(encoding="utf-8") if log.exists() else ""
        if "live sessions: " in text:
            return int(text.rpartition("live sessions: ")[2].partition(";")[0])
        time.sleep(0.1)
    raise AssertionError("the live process has not started")


@contextmanager
def _saturated(folder: Path, home: Path) -> Iterator[None]:
    """Work in the queues of the bulk pools, from the first merged chunk on, and still at the end.

    Raises:
        AssertionError: it was all done before.
    """
    paths = hour.compose(folder, 60)
    command = [sys.executable, "-m", "earshot", "ingest", "--no-wait", *map(str, paths)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with db.connect(postgres.url(home)) as connection:
        waiting.until(lambda: connection.execute(MERGED).rowcount > 0, WAIT_SEC, "the first chunk")
        yield
        if not connection.execute(OPEN).rowcount:
            raise AssertionError("the bulk pools ran dry; compose more sound")


def _rows(found: dict[str, Any]) -> Iterator[Row]:
    one: Figures | None = found.get("one")
    for part, title in TITLES.items():
        if part in found:
            yield from _alone(title, found[part], found["batch_wer"])
    for part, title in (("full", "as many as admitted"), ("bulk", "bulk pools saturated")):
        if part not in found:
            continue
        for name, (row, _) in BARS.items():
            most = round(one[name] * SAME) if one else float("inf")
            yield below(f"{title}: {row}", found[part][name], most, " ms", 0)
    if "full" in found:
        yield Row(
            "sessions admitted",
            f"{found['full']['sessions']}",
            ">= 3",
            found["full"]["sessions"] >= 3,
        )
        yield below("one more is refused after", found["full"]["refused_ms"], 50, " ms", 0)


def _alone(title: str, own: Figures, batch_wer: float) -> Iterator[Row]:
    for name, (row, bar) in BARS.items():
        yield below(f"{title}: {row}", own[name], bar, " ms", 0)
    yield below(f"{title}: revisions a final word", own["revisions"], REVISIONS_BAR)
    yield Row(
        f"{title}: word error rate of finals (batch lane)",
        f"{own['wer']:.3f} ({batch_wer:.3f})",
        f"+{WER_BAR:g}",
        own["wer"] - batch_wer <= WER_BAR,
    )
    if "cpu_per_second" in own:
        yield Row(f"{title}: CPU for a second", f"{own['cpu_per_second']:.2f} s")


if __name__ == "__main__":
    sys.exit(main())
