"""``python -m trials.bench.gateway``: what HTTP adds to a classification. ``POST /scene`` of 1 s at
16 kHz, first alone and then by 50 clients side by side, beside the same network in bare processes.

The bare side runs before and after each measurement, so that other load on the machine affects both
alike. "Bare" is the same function that the gateway calls, samples in and answer out; "network" the
log-mel windows and the network alone.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import fmean, median
from typing import Any
from urllib.parse import urlsplit

import psutil

from cli.localstack import waiting
from cli.terminal import endings
from tasks.process.environment import process_env
from tests.servers import Stack, servers
from trials.bench import side_by_side, table

PROCESSES = 2
CLIENTS = 50
CALLS = 300
"""Of one measurement of latency; there are three, between which the bare side runs."""
ABOVE_BAR_MS, P99_BAR_MS, SHARE_BAR = 3.0, 25.0, 0.85
LIMIT_SEC = 900


def main() -> int:
    """Prints the table; exit status 1 when a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m trials.bench.gateway", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="of load (default: 60)")
    asked = parser.parse_args()
    endings.listen()
    with gateway() as (stack, url):
        rows = [*latency_rows(stack, url), *load_rows(stack, url, asked.seconds)]
    print(table.markdown(f"python -m trials.bench.gateway --seconds {asked.seconds:g}", rows))
    return 0 if all(row.kept for row in rows) else 1


@contextmanager
def gateway() -> Iterator[tuple[Stack, str]]:
    """A gateway with two processes, that does not limit the rate of its one client."""
    with servers() as stack:
        stack.settings |= {
            "GATEWAY_PROCESSES": str(PROCESSES),
            "REQUESTS_PER_SEC": "100000",
            "REQUESTS_BURST": "100000",
        }
        with stack.gateway() as url:
            waiting.until(lambda: len(_serving(url)) == PROCESSES, 60, "the gateway's processes")
            yield stack, url


def _serving(url: str) -> list[psutil.Process]:
    """The processes that wait for connections on the gateway's port."""
    return [
        psutil.Process(each.pid)
        for each in psutil.net_connections("tcp")
        if each.status == psutil.CONN_LISTEN and each.laddr.port == urlsplit(url).port
    ]


def _cpu_sec(url: str) -> float:
    """CPU seconds so far of the gateway's processes, and of this one, which is its clients."""
    times = [process.cpu_times() for process in (*_serving(url), psutil.Process())]
    return float(sum(each.user + each.system for each in times))


def latency_rows(stack: Stack, url: str) -> list[table.Row]:
    """One client, one request after the other."""
    token = stack.token("read")
    side_by_side.idle(url, token, CALLS)  # both processes have answered
    bare: list[float] = []
    through: list[float] = []
    for _ in range(3):
        (one,) = _bare(1, "--calls", str(CALLS))
        bare += one["ms"]
        through += side_by_side.idle(url, token, CALLS)
    above = median(through) - median(bare)
    return [
        table.Row("`POST /scene` of 1 s, idle, p50", f"{median(through):.2f} ms"),
        table.Row("the same in a bare process, p50", f"{median(bare):.2f} ms"),
        table.below("the gateway adds, p50", above, ABOVE_BAR_MS, " ms"),
        table.below("`POST /scene`, idle, p99", percentile(through, 0.99), P99_BAR_MS, " ms", 1),
    ]


def load_rows(stack: Stack, url: str, seconds: float) -> list[table.Row]:
    """Fifty clients side by side, in parts of at most 15 s between bare ones."""
    parts = max(1, round(seconds / 15))
    token, each = stack.token("read"), seconds / parts
    bare, loads, cpu_sec = [_bare_rate(each / 3)], [], 0.0
    for _ in range(parts):
        before = _cpu_sec(url)
        loads.append(side_by_side.load(url, token, CLIENTS, each))
        cpu_sec += _cpu_sec(url) - before
        bare.append(_bare_rate(each / 3))
    answered = sum(load.answered for load in loads)
    rate = answered / sum(load.seconds for load in loads)
    errors = sum(load.errors for load in loads)
    slowest = [ms for load in loads for ms in load.ms]
    calls, network, cpu = (fmean(one[key] for one in bare) for key in ("calls", "network", "cpu"))
    return [
        table.Row(f"{CLIENTS} clients, {seconds:g} s", f"{rate:.0f} a second"),
        table.below(f"errors among {answered} answers", errors, 0, digits=0),
        table.Row("their p50, p99", f"{median(slowest):.0f}, {percentile(slowest, 0.99):.0f} ms"),
        table.Row(f"{PROCESSES} bare processes", f"{calls:.0f} a second"),
        table.Row(f"{PROCESSES} processes, network alone", f"{network:.0f} a second"),
        table.Row(
            "CPU a request, of gateway and clients; of a bare call",
            f"{cpu_sec / answered * 1000:.2f}, {cpu * 1000:.2f} ms",
        ),
        table.above("share of the bare rate", rate / calls, SHARE_BAR),
    ]


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share of the values lies."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def _bare_rate(seconds: float) -> dict[str, float]:
    """Calls a second of all bare processes together, of both kinds, and CPU seconds of a call."""
    found = {}
    for kind in ("calls", "network"):
        sides = _bare(PROCESSES, "--seconds", str(seconds / 2), "--kind", kind)
        found[kind] = sum(side["calls"] / side["seconds"] for side in sides)
        if kind == "calls":
            found["cpu"] = fmean(side["cpu"] / side["calls"] for side in sides)
    return found


def _bare(count: int, *args: str) -> list[dict[str, Any]]:
    """What that many bare processes measure, which begin together."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "trials.bench.bare", *args],
            env={**os.environ, **process_env()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(count)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            process.stdout.readline()  # it is ready
        began = time.monotonic()
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("begin\n")
            process.stdin.flush()
        return [
            json.loads(process.communicate(timeout=began + LIMIT_SEC - time.monotonic())[0])
            for process in processes
        ]
    finally:
        for process in processes:
            process.kill()
            process.wait()


if __name__ == "__main__":
    sys.exit(main())
