"""The floor: one process that decodes, analyses and reports one recording after the other, without
queue and database."""

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from earshot.analysis.report.report import build_report
from earshot.models.checkpoints.defaults import default_release
from earshot.registry import analyses
from workers.direct import Analyser


def main() -> None:
    """Prints wall and CPU seconds and peak memory of this process as JSON."""
    began = time.perf_counter()
    releases = {name: default_release(name) for name in analyses()}
    with tempfile.TemporaryDirectory() as folder:
        # Jobs of one chunk: no batch is kept in memory.
        analyser = Analyser(f"file://{folder}", releases, device="auto", batch_size=1)
        for path in sys.argv[1:]:
            evidence = analyser.analyse(Path(path)).evidence
            build_report(evidence.recording, evidence.parts)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    figures = {
        "wall": time.perf_counter() - began,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / 1024,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
