"""Whisper base with its real weights, out of the package index or a hub: it writes what the library
writes, detects the languages of real recordings, and serves an open language by a route."""

import tempfile
from collections.abc import Iterator

import pytest
from faster_whisper import BatchedInferencePipeline

from earshot.analysis.errors import Unavailable
from earshot.analysis.findings import AsrFindings
from earshot.compute import cache
from earshot.models.checkpoints.catalog import Checkpoint, load
from earshot.models.checkpoints.defaults import default_release
from earshot.models.checkpoints.pull import Shelf, pull
from earshot.models.runtimes import open_release
from earshot.models.whisper.faster_whisper import FasterWhisper
from earshot.settings import settings
from tests.corpus.recorded import DATA
from training.data.datasets import waveform
from training.measurements.languages import WHOLE
from workers.direct import Analyser

pytestmark = pytest.mark.corpus

WORDS = "ask not what your country can do for you"


@pytest.fixture(scope="module")
def entry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkpoint]:
    """Pulled, from the models folder of this machine if it is there."""
    (found,) = [each for each in load() if each.name == "whisper-base"]
    with pytest.MonkeyPatch.context() as environment:
        if not (settings().models_folder / found.name).is_dir():
            environment.setenv("EARSHOT_MODELS_DIR", str(tmp_path_factory.mktemp("models")))
        environment.setenv("EARSHOT_ASR_ROUTES", '{"und": "whisper-base", "es": "whisper-base"}')
        settings.cache_clear()
        cache._loaded.clear()  # recognisers keep the routes of the settings that opened them
        try:
            pull(found, Shelf(settings().models_folder), lambda *_: None, print)
        except Unavailable as error:
            pytest.skip(f"no source of whisper-base can be reached: {error}")
        yield found
    settings.cache_clear()
    cache._loaded.clear()


@pytest.fixture(scope="module")
def whisper(entry: Checkpoint) -> FasterWhisper:
    found = open_release(entry.release(), "cpu", settings())
    assert isinstance(found, FasterWhisper)
    return found


def test_it_writes_what_the_library_writes(whisper: FasterWhisper) -> None:
    samples = waveform(DATA / "asr" / "jfk.flac")
    (found,) = whisper.transcribe([samples], ["en"], [])
    segments, _ = BatchedInferencePipeline(whisper.model).transcribe(
        samples, language="en", vad_filter=False, word_timestamps=True
    )
    words = [word.word.strip() for segment in segments for word in segment.words or []]
    assert [word.text for word in found.words] == words
    assert WORDS in " ".join(words).lower().replace(",", "")


def test_the_language_of_recordings_of_five_seconds_is_detected(whisper: FasterWhisper) -> None:
    found = whisper.detect([waveform(DATA / path)[: 30 * 16_000] for path in WHOLE])
    right = [detected == language for detected, language in zip(found, WHOLE.values(), strict=True)]
    assert sum(right) >= 0.9 * len(WHOLE)


@pytest.mark.parametrize("asked", ["und", "en"])
def test_a_route_for_an_open_language_writes_spanish(entry: Checkpoint, asked: str) -> None:
    """Also where English is named: the default release judges that it is not."""
    with tempfile.TemporaryDirectory() as folder:
        analyser = Analyser(f"file://{folder}", {"asr": default_release("asr")})
        found = analyser.analyse(DATA / "asr" / "formats" / "es-mx.wav", language=asked)
    ((_, findings),) = found.evidence.found("asr", AsrFindings)
    assert (findings.language, findings.routed_to) == ("es", entry.name)
    text = " ".join(word.text for word in findings.words).lower()
    assert {"tierra", "luna"} <= set(text.replace("?", "").split())
