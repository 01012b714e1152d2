"""``ClassifyClient`` against a real gateway, and against servers that fail."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import numpy as np
import psutil
import pytest
from pydantic import ValidationError

from earshot.analysis.emotion import six
from earshot.analysis.errors import EarshotError, Misconfigured, Permanent, Unavailable
from earshot.analysis.findings import SCENES
from earshot.client import ClassifyClient, ClassifyResult, classify_client
from earshot.settings import settings
from tests.servers import Stack, free_port

pytestmark = pytest.mark.integration
Make = Callable[..., httpx2.Client]

HISS = (0.1 * np.random.default_rng(0).standard_normal(16_000)).astype(np.float32)


@pytest.fixture
def classifier(door: Stack) -> ClassifyClient:
    return ClassifyClient(door.settings["GATEWAY_URL"], door.token("read"))


@pytest.fixture(autouse=True)
def _fresh_settings() -> Iterator[None]:
    yield
    settings.cache_clear()


def test_it_answers_as_the_gateway_does(classifier: ClassifyClient, client: Make) -> None:
    found = classifier.classify_scene(HISS)
    answer = client("read").post("/scene", content=HISS.tobytes()).json()
    assert {**answer, "latency_ms": found.latency_ms} == found.model_dump()
    assert (found.label, tuple(found.scores)) == ("noise", SCENES)
    assert tuple(classifier.classify_emotion(HISS).scores) == six.LABELS
    with pytest.raises(ValidationError, match="frozen"):
        found.label = "speech"


def test_samples_may_be_of_any_float_type(classifier: ClassifyClient) -> None:
    wanted = classifier.classify_scene(HISS).scores
    for samples in (HISS.astype(np.float64), HISS.astype(">f4"), HISS.tolist()):
        assert classifier.classify_scene(samples).scores == wanted
    for wrong in (HISS[None], (HISS * 32768).astype(np.int16), [], [1, 2]):
        with pytest.raises((ValueError, Permanent)):
            classifier.classify_scene(wrong)


def test_the_rate_goes_along(classifier: ClassifyClient) -> None:
    silent = np.zeros(96_000, np.float32)
    assert classifier.classify_scene(silent, 48_000).label == "silence"
    with pytest.raises(Permanent, match="X-Sample-Rate"):
        classifier.classify_scene(silent, 1)


def test_the_settings_name_the_service(door: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUDIOCLASSIFY_URL", raising=False)
    settings.cache_clear()
    assert classify_client() is None
    monkeypatch.setenv("AUDIOCLASSIFY_URL", door.settings["GATEWAY_URL"] + "/")
    monkeypatch.setenv("EARSHOT_AUDIOCLASSIFY_TOKEN", door.token("read"))
    settings.cache_clear()
    named = classify_client()
    assert named is not None
    assert named.classify_scene(HISS).label == "noise"


def test_connections_are_kept(classifier: ClassifyClient) -> None:
    def mine() -> set[object]:
        return {each.laddr for each in psutil.Process().net_connections("tcp") if each.raddr}

    before = mine()
    classifier.classify_scene(HISS)
    opened = mine() - before
    for _ in range(20):
        classifier.classify_emotion(HISS)
    assert len(opened) == 1
    assert mine() - before == opened


def test_threads_share_a_client(classifier: ClassifyClient) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(classifier.classify_scene, [HISS] * 40))
    assert {answer.label for answer in answers} == {"noise"}


@pytest.mark.parametrize(
    ("token", "path", "kind"), [("ear_wrong", "", Misconfigured), (None, "/api", Misconfigured)]
)
def test_what_is_set_wrongly_is_named(
    door: Stack, token: str | None, path: str, kind: type[EarshotError]
) -> None:
    wrong = ClassifyClient(door.settings["GATEWAY_URL"] + path, token or door.token("read"))
    with pytest.raises(kind, match="AUDIOCLASSIFY"):
        wrong.classify_scene(HISS)


def test_a_service_that_is_away_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        ClassifyClient(f"http://127.0.0.1:{free_port()}").classify_scene(HISS)


def test_a_silent_service_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        mute = ClassifyClient(f"http://127.0.0.1:{listening.getsockname()[1]}", timeout_sec=0.5)
        began = time.monotonic()
        with pytest.raises(Unavailable):
            mute.classify_scene(HISS)
        assert time.monotonic() - began < 2


@pytest.mark.parametrize("body", [b"{}", b"not json", b'{"label": 1}', b"x" * 1_000_000])
def test_an_answer_of_another_shape_is_named(body: bytes) -> None:
    with answering(b"200 OK", body) as url, pytest.raises(Misconfigured, match="another shape"):
        ClassifyClient(url).classify_scene(HISS)


def test_a_service_without_coverage_is_understood() -> None:
    """The original service answers the four keys of the source alone."""
    body = b'{"label": "speech", "confidence": 1, "scores": {"speech": 1}, "latency_ms": 5}'
    with answering(b"200 OK", body) as url:
        found = ClassifyClient(url).classify_scene(HISS)
    assert found == ClassifyResult(label="speech", confidence=1, scores={"speech": 1}, latency_ms=5)


def test_a_busy_service_is_unavailable() -> None:
    with answering(b"503 Service Unavailable", b"{}") as url, pytest.raises(Unavailable):
        ClassifyClient(url).classify_scene(HISS)


def test_it_is_imported_alone() -> None:
    """Without Celery, Redis, Postgres, or what runs a model."""
    code = "import sys, earshot.client; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"celery", "kombu", "redis", "psycopg", "onnxruntime", "av", "workers"}


class answering:  # noqa: N801
    """A server that reads one request, and answers it so."""

    def __init__(self, status: bytes, body: bytes) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._answer = b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self._thread.join(10)
        self._listening.close()

    def _serve(self) -> None:
        line, _ = self._listening.accept()
        with line:
            left = HISS.nbytes
            head = b""
            while b"\r\n\r\n" not in head:
                head += line.recv(65_536)
            left -= len(head.partition(b"\r\n\r\n")[2])
            while left > 0:
                left -= len(line.recv(65_536))
            try:
                line.sendall(self._answer)
            except ConnectionError:
                return  # the client read as much as it wanted
