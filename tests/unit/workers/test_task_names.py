"""Other services, dashboards and messages in flight know tasks and queues by these names: changing
one is a breaking change."""

import pickle

from earshot.analysis.errors import BadAudio
from earshot.pools import queues
from tasks import retraining
from tasks.app import app
from tasks.process.boot import import_tasks

ANALYSES = {
    "asr",
    "diarization",
    "emotion",
    "noise",
    "redaction",
    "scene",
    "sentiment",
    "text_sentiment",
    "topics",
}


def test_the_tasks_are_these() -> None:
    import_tasks()
    ours = {name for name in app.tasks if not name.startswith("celery.")}
    assert ours == {f"analyze.{name}" for name in ANALYSES} | {
        "ingest.recording",
        "merge.batch",
        "merge.whole",
        "finalize.recording",
        "upkeep.reconcile",
        "upkeep.relay",
        "upkeep.scan",
        "upkeep.tidy",
        "train_noise_classifier",
    }
    trained = {name for name in retraining.app.tasks if not name.startswith("celery.")}
    assert trained == {"train_noise_classifier"} | {
        f"retrain.{name}" for name in ("emotion", "noise", "scene", "sentiment", "voices")
    }


def test_each_task_has_its_queue() -> None:
    import_tasks()
    assert set(queues()) == ANALYSES | {"ingest", "merge", "finalize", "upkeep", "celery"}
    for name in app.tasks:
        if not name.startswith(("celery.", "train_")):
            queue = app.amqp.router.route({}, name)["queue"].name
            assert queue == (
                name.removeprefix("analyze.")
                if name.startswith("analyze.")
                else name.partition(".")[0]
            )


def test_errors_survive_the_way_from_a_child_process() -> None:
    error = pickle.loads(pickle.dumps(BadAudio("empty", "7.wav is empty")))
    assert (type(error), error.code, str(error)) == (BadAudio, "empty", "7.wav is empty")
