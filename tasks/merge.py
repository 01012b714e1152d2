"""The bodies of the chords."""

from typing import Any

from earshot.analysis.types import Batch
from earshot.pipeline.merge import merge_outcomes
from tasks import publisher
from tasks.app import app


@app.task(name="merge.batch", ignore_result=True)
def merge_batch(payload: dict[str, Any]) -> None:
    """Merges the outcomes of a batch of chunks."""
    merge_outcomes(Batch.model_validate(payload), publisher)


@app.task(name="merge.whole", ignore_result=True)
def merge_whole(payload: dict[str, Any]) -> None:
    """Merges the outcomes of the analyses of a whole recording."""
    merge_outcomes(Batch.model_validate(payload), publisher)
