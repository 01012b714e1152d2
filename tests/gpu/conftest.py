"""Tests that need a CUDA device: one clear line where there is none."""

from collections.abc import Generator
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def cuda() -> str:
    """The device's name."""
    torch = pytest.importorskip(
        "torch", reason="the extra gpu is not installed: pip install -r requirements/gpu.txt"
    )
    pytest.importorskip(
        "transformers", reason="the extra gpu is not installed: pip install -r requirements/gpu.txt"
    )
    if not torch.cuda.is_available():
        pytest.skip(
            "the GPU tier did not run: no CUDA device is visible here. Where there is one, `make"
            " test-gpu` needs nothing else"
        )
    name: str = torch.cuda.get_device_name()
    return name


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """All tests that are skipped for one reason share one line of the summary."""
    report = yield
    if report.skipped and isinstance(report.longrepr, tuple):
        report.longrepr = (str(Path(__file__).parent), None, report.longrepr[2])
    return report
