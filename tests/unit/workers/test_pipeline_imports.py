"""A program that only hands in, reruns, repairs and deletes loads no Celery, no arrays and no
analysis."""

import subprocess
import sys

ENTRIES = (
    "intake.submit",
    "intake.restart",
    "dispatch",
    "rerun",
    "releases",
    "deletion",
    "cleanup",
    "verdicts",
    "repair",
)
HEAVY = ("celery", "kombu", "numpy", "av", "onnxruntime", "torch", "workers", "tasks")


def test_the_entry_points_of_the_pipeline_are_light() -> None:
    imports = "; ".join(f"import earshot.pipeline.{name}" for name in ENTRIES)
    program = f"import sys; {imports}; print([n for n in {HEAVY} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
