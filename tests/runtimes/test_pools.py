"""The GPU tier's harness where there is no GPU: the three pools on the CPU with small networks.
Every chunk is answered and its row written, every figure is there; no speed is asked for."""

from collections.abc import Iterator

import psutil
import pytest

from earshot.analysis.types import Release
from earshot.models.checkpoints.location import locate
from earshot.settings import settings
from tests.bare_forward import seconds_a_pass
from tests.pool_sound import Sound
from tests.pool_throughput import Front, Pool, front
from tests.servers import servers

pytestmark = [pytest.mark.runtimes, pytest.mark.integration]

SOUND = Sound(1.7, 0.5)
CHUNKS = 4


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Release]]:
    """Releases for each GPU pool, all in one catalog."""
    for package in ("torch", "transformers"):
        pytest.importorskip(
            package, reason="the extra gpu is not installed: pip install -r requirements/gpu.txt"
        )
    pytest.importorskip(
        "pyannote.audio",
        reason=(
            "the extra diarization is not installed: pip install -r requirements/diarization.txt"
        ),
    )
    from tests.runtimes import shelf
    from tests.runtimes.tiny import ctc, emotion2vec, pyannote, whisper

    saved = tmp_path_factory.mktemp("served")
    ctc.save(saved / "ctc")
    whisper.save(saved / "whisper")
    emotion2vec.save(saved / "emotion2vec")
    pyannote.save(saved / "pyannote")
    checkpoints = {
        "ctc": ("asr", "transformers-ctc", saved / "ctc"),
        "whisper": ("asr", "transformers-whisper", saved / "whisper"),
        "emotion2vec": ("emotion", "emotion2vec", saved / "emotion2vec"),
        "pyannote": ("diarization", "pyannote", saved / "pyannote"),
    }
    with pytest.MonkeyPatch.context() as environment:
        yield shelf.release(checkpoints, tmp_path_factory.mktemp("home"), environment)
    settings.cache_clear()


@pytest.mark.parametrize("name", ["whisper", "emotion2vec", "pyannote"])
def test_a_pool_answers_every_chunk(full: Front, served: dict[str, Release], name: str) -> None:
    release = served[name]
    found = Pool(full, release).hear(1, CHUNKS)
    assert found.jobs == 1
    assert found.rate > 0
    assert found.in_jobs > 0
    assert len(found.first) == (1 if name == "pyannote" else CHUNKS)
    for each in served.values():
        if each.analysis == release.analysis:
            assert seconds_a_pass(each.runtime, locate(each, settings()), "cpu", found.first, 1) > 0


def test_what_the_pool_holds_is_told(full: Front, served: dict[str, Release]) -> None:
    held = Pool(full, served["ctc"]).held_after(
        CHUNKS, 2 * CHUNKS, lambda pid: int(psutil.Process(pid).memory_full_info().uss)
    )
    assert min(held) > 0


@pytest.fixture(scope="module")
def full(served: dict[str, Release]) -> Iterator[Front]:
    with servers() as stack, front(stack, SOUND, "cpu", CHUNKS) as started:
        yield started
