"""Cores and memory by control groups of both versions, and the effective values that follow."""

from pathlib import Path

import pytest

from cli.localstack.capacity import Bound, Capacity, capacity
from cli.localstack.limits import Limits, limits
from earshot.settings import Settings

OF_002 = {
    "max_workers": 32,
    "io_workers": 32,
    "gpu_workers": 1,
    "max_memory_gb": 500.0,
    "memory_threshold_percent": 80,
    "chunk_cache_size": 1000,
    "file_batch_size": 8,
    "chunk_batch_size": 16,
}


def groups(tmp_path: Path, own: str, **files: str) -> tuple[Path, Path]:
    """A folder of control groups, and the file that names those of a process."""
    root, names = tmp_path / "groups", tmp_path / "own"
    names.write_text(own, encoding="utf-8")
    for path, text in files.items():
        file = root / path.replace("__", "/").replace("-", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return root, names


def test_the_smallest_group_around_the_process_counts(tmp_path: Path) -> None:
    root, own = groups(
        tmp_path,
        "0::/pod/box\n",
        **{
            "pod__cpu-max": "100000 100000\n",
            "pod__box__cpu-max": "max 100000\n",
            "pod__memory-max": "3000000000\n",
            "pod__box__memory-max": "2000000000\n",
            "memory-max": "max\n",
        },
    )
    found = capacity(root, own)
    assert found.cores == Bound(1, "cgroup")
    assert found.memory_gb == Bound(2.0, "cgroup")


def test_groups_of_the_first_version(tmp_path: Path) -> None:
    root, own = groups(
        tmp_path,
        "4:memory:/box\n3:cpu,cpuacct:/box\n1:name=systemd:/\n",
        **{
            "cpu,cpuacct__box__cpu-cfs_quota_us": "100000\n",
            "cpu,cpuacct__box__cpu-cfs_period_us": "100000\n",
            "cpu,cpuacct__cpu-cfs_quota_us": "-1\n",
            "cpu,cpuacct__cpu-cfs_period_us": "100000\n",
            "memory__box__memory-limit_in_bytes": "1500000000\n",
        },
    )
    found = capacity(root, own)
    assert found.cores == Bound(1, "cgroup")
    assert found.memory_gb == Bound(1.5, "cgroup")


def test_a_system_without_groups_has_its_hardware(tmp_path: Path) -> None:
    found = capacity(tmp_path, tmp_path / "none")
    assert (found.cores.by, found.memory_gb.by) == ("cores", "memory of the machine")


def of(config: dict[str, object], cores: int, memory_gb: float, gpus: int = 0) -> Limits:
    room = Capacity(
        Bound(cores, "cores"), Bound(memory_gb, "cgroup"), Bound(gpus, "GPUs" if gpus else "no GPU")
    )
    return limits(Settings(**config), room)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("config", "cores", "memory_gb", "name", "effective", "by"),
    [
        (OF_002, 2, 64, "children", 2, "cores"),
        (OF_002, 64, 1000, "children", 32, "key"),
        (OF_002, 64, 1000, "memory_gb", 500, "key"),
        (OF_002, 16, 64, "memory_gb", 64, "cgroup"),
        (OF_002, 16, 4, "children", 5, "max_memory_gb and its threshold"),
        (OF_002, 16, 0.5, "children", 1, "max_memory_gb and its threshold"),
        (OF_002, 16, 64, "io_children", 16, "cores"),
        (OF_002, 1, 64, "io_children", 2, "cores"),
        ({**OF_002, "io_workers": 1}, 16, 64, "io_children", 1, "key"),
        (OF_002, 2, 64, "gpu_children", 0, "no GPU"),
        (OF_002, 2, 64, "chunk_batch", 1, "CPU pools, whose cores a batch unbalances"),
        (OF_002, 2, 64, "chunks_in_work", 1000, "key"),
        (
            {**OF_002, "chunk_cache_size": 9999},
            2,
            64,
            "chunks_in_work",
            2000,
            "EARSHOT_MAX_UNMERGED_CHUNKS",
        ),
        (OF_002, 2, 64, "files_in_work", 8, "key"),
        ({}, 16, 64, "children", 4, "default"),
        ({}, 16, 64, "io_children", 2, "default"),
        ({}, 16, 64, "threshold_percent", 80, "default"),
    ],
)
def test_the_least_of_key_and_machine(
    config: dict[str, object], cores: int, memory_gb: float, name: str, effective: float, by: str
) -> None:
    found = getattr(of(config, cores, memory_gb), name)
    assert (found.effective, found.limited_by) == (effective, by)


def test_a_gpu_has_its_own_processes_and_full_batches() -> None:
    found = of({**OF_002, "gpu_workers": 4}, 16, 64, gpus=2)
    assert (found.gpu_children.effective, found.gpu_children.limited_by) == (2, "GPUs")
    assert (found.chunk_batch.effective, found.on_gpu) == (16, True)
    assert not of({}, 16, 64, gpus=2).on_gpu, "the embedded checkpoints run on the cores"
    off = of({**OF_002, "device": "cpu"}, 16, 64, gpus=2)
    assert (off.gpu_children.effective, off.gpu_children.limited_by) == (0, "device: cpu")
