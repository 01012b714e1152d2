"""The rule that names the bottleneck."""

import pytest

from cli.batch.performance import Stage, Usage, bottleneck

IDLE = Usage(mean=5, max=9)
NONE = Usage(mean=None, max=None, reason="no GPU")


def stage(name: str, cpu_sec: float, wait_sec: float | None) -> Stage:
    return Stage(
        stage=name,
        tasks=1,
        chunks=1,
        sound_sec=1,
        wait_sec=wait_sec,
        wait_by="messages",
        work_sec=cpu_sec,
        cpu_sec=cpu_sec,
    )


STAGES = (stage("ingest", 10, None), stage("asr", 50, 90), stage("noise", 20, 250))


@pytest.mark.parametrize(
    ("held", "gpu", "io_wait", "cpu", "stages", "name", "where"),
    [
        (0, NONE, IDLE, Usage(mean=80, max=100), STAGES, "cpu", "asr"),
        (0, NONE, Usage(mean=20, max=50), Usage(mean=80, max=100), STAGES, "io", None),
        (0, Usage(mean=85, max=99), IDLE, IDLE, STAGES, "gpu", "asr"),
        (10, NONE, IDLE, Usage(mean=95, max=100), STAGES, "memory", None),
        (9.9, NONE, IDLE, Usage(mean=79.9, max=100), STAGES, "workers", "noise"),
        (0, NONE, NONE, IDLE, STAGES[:2], "supply", None),
        (0, NONE, NONE, IDLE, (), "none", None),
    ],
)
def test_the_first_rule_that_applies(
    held: float,
    gpu: Usage,
    io_wait: Usage,
    cpu: Usage,
    stages: tuple[Stage, ...],
    name: str,
    where: str | None,
) -> None:
    found = bottleneck(100, held, gpu, io_wait, cpu, stages)
    assert (found.name, found.stage) == (name, where)
