"""The task ``finalize.recording``."""

from uuid import UUID

from earshot.pipeline.finalize import close
from tasks.app import app


@app.task(name="finalize.recording", ignore_result=True)
def finalize_recording(recording_id: str) -> None:
    """Closes a recording with its report."""
    close(UUID(recording_id))
