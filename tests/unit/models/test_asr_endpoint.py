"""Speech recognised by an inference endpoint: what is sent, what is made of the answer, which
errors are worth another try."""

import base64
import io
import json
import threading
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from earshot.analysis.errors import EarshotError, Forbidden, Misconfigured, Permanent, Unavailable
from earshot.analysis.types import Release
from earshot.compute.device import context_lost, out_of_memory
from earshot.models.asr.recogniser import Recognition
from earshot.settings import Settings
from workers.asr.routes import Recognisers

SECOND = np.full(16_000, 0.25, np.float32)

Reply = Callable[[dict[str, Any]], tuple[int, Any]]


@contextmanager
def serving(reply: Reply) -> Iterator[tuple[str, list[tuple[str, dict[str, Any]]]]]:
    """The URL of a server that answers so, and what it was asked: authorization and body."""
    asked: list[tuple[str, dict[str, Any]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append((self.headers.get("Authorization", ""), body))
            status, answer = reply(body)
            content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/asr?v=1", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def ask(url: str, *languages: str, internal: bool = True, **named: Any) -> list[Recognition]:
    """Through the code path of the worker, from the release down."""
    host = url.split("/")[2]
    config = Settings(asr_endpoint_url=url, internal_hosts=(host,) if internal else (), **named)
    release = Release(
        analysis="asr", name="asr-endpoint-1", runtime="http-endpoint", uri=url, sha256=""
    )
    model = Recognisers(release, "cpu", config)
    return model.of("und")[1].transcribe([SECOND] * len(languages), languages, model.hotwords)


def test_what_is_sent_and_what_is_made_of_it() -> None:
    said = [
        {"text": " hello", "timestamp": [0.1, 0.4], "confidence": 0.8},
        {"text": " 24", "timestamp": [None, None]},
    ]
    with serving(lambda _: (200, {"text": "hello 24", "chunks": said, "language": "en-US"})) as (
        url,
        asked,
    ):
        known, heard = ask(url, "fr", "und", asr_endpoint_token="t0ken", asr_hotwords=("Earshot",))
    assert [(w.text, w.start_ms, w.end_ms, w.confidence, w.timing) for w in known.words] == [
        ("hello", 100, 400, 0.8, "native"),
        ("24", 400, 1000, 0.0, "interpolated"),
    ]
    assert (known.language, heard.language) == ("en", "en")
    assert {authorization for authorization, _ in asked} == {"Bearer t0ken"}
    told = sorted(({**body, "inputs": ""} for _, body in asked), key=len)
    timed = {"return_timestamps": "word"}
    assert told == [
        {"inputs": "", "parameters": timed, "hotwords": ["Earshot"]},
        {
            "inputs": "",
            "parameters": {**timed, "generate_kwargs": {"language": "fr"}},
            "hotwords": ["Earshot"],
            "language": "fr",
        },
    ]
    with wave.open(io.BytesIO(base64.b64decode(asked[0][1]["inputs"]))) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getnframes()) == (
            16_000,
            1,
            16_000,
        )
        assert np.frombuffer(sound.readframes(9), "<i2").tolist() == [8191] * 9


@pytest.mark.parametrize(
    ("language", "whisper"), [("ary", "ar"), ("nb", "no"), ("wo", None), ("und", None)]
)
def test_whisper_is_asked_for_no_language_that_it_would_refuse(
    language: str, whisper: str | None
) -> None:
    with serving(lambda _: (200, {"text": "x"})) as (url, asked):
        ask(url, language)
    ((_, body),) = asked
    assert body["parameters"].get("generate_kwargs", {}).get("language") == whisper
    assert body.get("language", "und") == language


@pytest.mark.parametrize(
    ("status", "answer", "says"),
    [
        (400, {"error": "Unsupported language: xx.\nmore"}, "(Unsupported language: xx.)"),
        (503, {"error": ["loading"]}, '({"error": ["loading"]})'),
        (403, b"<html>\x1b[31m no \x00 t0ken </html>", "(<html> [31m no *** </html>)"),
        (404, b"\n\n  gone \n", "(gone)"),
        (400, b"x" * 199 + b"t0ken", f"({'x' * 199}*)"),
        (400, b"[" * 100_000, f"({'[' * 200})"),
        (400, b"", "answers 400 to a request"),
    ],
)
def test_what_an_endpoint_complains_of_is_told_in_one_line_without_the_token(
    status: int, answer: Any, says: str
) -> None:
    with serving(lambda _: (status, answer)) as (url, _), pytest.raises(EarshotError) as raised:
        ask(url, "en", asr_endpoint_token="t0ken")
    assert says in str(raised.value)
    assert "t0ken" not in str(raised.value)
    assert str(raised.value).isprintable()


@pytest.mark.parametrize(
    "said",
    ["CUDA error: device-side assert triggered", "CUDA out of memory. Tried to allocate 20.00 MiB"],
)
def test_an_endpoint_without_its_gpu_is_asked_again_and_nothing_here_is_believed_lost(
    said: str,
) -> None:
    with (
        serving(lambda _: (400, {"error": said})) as (url, _),
        pytest.raises(Unavailable) as raised,
    ):
        ask(url, "en")
    assert said in str(raised.value)
    assert not context_lost(raised.value)
    assert not out_of_memory(raised.value)


@pytest.mark.parametrize(
    "times", ["[1e999, 1e999]", "[0.1, 1e999]", "[0.1, NaN]", "[-1e999, 0.2]", "[0.2, 0.1]"]
)
def test_a_time_that_is_none_is_interpolated(times: str) -> None:
    answer = f'{{"text": "a", "chunks": [{{"text": "a", "timestamp": {times}}}]}}'.encode()
    with serving(lambda _: (200, answer)) as (url, _):
        (found,) = ask(url, "en")
    assert [(w.text, w.start_ms, w.end_ms, w.timing) for w in found.words] == [
        ("a", 0, 1000, "interpolated")
    ]


def test_a_time_behind_the_end_is_the_end() -> None:
    said = [{"text": "a", "timestamp": [0.5, 1e307]}]
    with serving(lambda _: (200, {"text": "", "chunks": said})) as (url, _):
        (found,) = ask(url, "en")
    assert [(w.start_ms, w.end_ms, w.timing) for w in found.words] == [(500, 1000, "native")]


def test_text_alone_is_spread_over_the_stretch_and_marked() -> None:
    with serving(lambda _: (200, [{"text": "one two"}])) as (url, asked):
        (found,) = ask(url, "en")
    assert [(w.text, w.start_ms, w.end_ms, w.timing) for w in found.words] == [
        ("one", 0, 500, "interpolated"),
        ("two", 500, 1000, "interpolated"),
    ]
    assert asked[0][0] == ""


def test_words_are_in_order_of_time_and_one_without_a_time_stays_behind_its_neighbour() -> None:
    said = [
        {"text": "c", "timestamp": [0.6, 0.7]},
        {"text": "d", "timestamp": [None, None]},
        {"text": "a", "timestamp": [0.1, 0.2]},
        {"text": "b", "timestamp": [0.3, 0.4]},
    ]
    with serving(lambda _: (200, {"text": "", "chunks": said})) as (url, _):
        (found,) = ask(url, "en")
    assert [(w.text, w.start_ms, w.end_ms) for w in found.words] == [
        ("a", 100, 200),
        ("b", 300, 400),
        ("c", 600, 700),
        ("d", 700, 1000),
    ]


@pytest.mark.parametrize(
    ("status", "answer", "error", "code"),
    [
        (503, {}, Unavailable, "endpoint_unavailable"),
        (429, {}, Unavailable, "endpoint_unavailable"),
        (401, {}, Misconfigured, "endpoint"),
        (404, {}, Misconfigured, "endpoint"),
        (400, {}, Permanent, "endpoint_refused"),
        (307, {}, Permanent, "endpoint_refused"),
        (200, b"<html>", Permanent, "endpoint_answer"),
        (200, b"[" * 100_000, Permanent, "endpoint_answer"),
        (200, b'{"text": "\\ud800"}', Permanent, "endpoint_answer"),
        (
            200,
            b'{"text": "x", "chunks": [{"text": "x", "confidence": NaN}]}',
            Permanent,
            "endpoint_answer",
        ),
        (200, {"generated": "x"}, Permanent, "endpoint_answer"),
        (
            200,
            {"text": "x", "chunks": [{"text": "x", "confidence": 7}]},
            Permanent,
            "endpoint_answer",
        ),
    ],
)
def test_errors(status: int, answer: Any, error: type[EarshotError], code: str) -> None:
    with serving(lambda _: (status, answer)) as (url, _), pytest.raises(error) as raised:
        ask(url, "en")
    assert (type(raised.value), raised.value.code) == (error, code)
    assert "\n" not in str(raised.value)


def test_nobody_there_may_come_back() -> None:
    with serving(lambda _: (200, {})) as (url, _):
        gone = url
    with pytest.raises(Unavailable):
        ask(gone, "en")


def test_a_server_that_does_not_answer_in_time() -> None:
    hold = threading.Event()

    def late(_: dict[str, Any]) -> tuple[int, Any]:
        hold.wait(10)
        return 200, {"text": ""}

    with serving(late) as (url, _):
        with pytest.raises(Unavailable, match="timed out"):
            ask(url, "en", asr_endpoint_timeout_sec=0.2)
        hold.set()


def test_internal_addresses_are_not_asked() -> None:
    with (
        serving(lambda _: (200, {"text": "x"})) as (url, asked),
        pytest.raises(Forbidden, match="EARSHOT_INTERNAL_HOSTS"),
    ):
        ask(url, "en", internal=False)
    assert asked == []


@pytest.mark.parametrize("url", ["", "endpoint.example", "ftp://endpoint.example/"])
def test_no_url_is_one_line(url: str) -> None:
    release = Release(
        analysis="asr", name="asr-endpoint-1", runtime="http-endpoint", uri=url, sha256=""
    )
    with pytest.raises(Misconfigured, match="set it to the https:// URL"):
        Recognisers(release, "cpu", Settings(asr_endpoint_url=url))


@pytest.mark.parametrize("here", ["", "https://two.example/"])
def test_a_job_for_another_endpoint_than_the_workers_is_refused(here: str) -> None:
    release = Release(
        analysis="asr",
        name="asr-endpoint-1",
        runtime="http-endpoint",
        uri="https://one.example/",
        sha256="",
    )
    with pytest.raises(Misconfigured, match="the job is for asr-endpoint-1") as raised:
        Recognisers(release, "cpu", Settings(asr_endpoint_url=here))
    assert "\n" not in str(raised.value)


def test_the_token_is_in_no_text() -> None:
    config = Settings(asr_endpoint_url="https://endpoint.example/", asr_endpoint_token="t0ken")
    assert "t0ken" not in repr(config)
    assert "t0ken" not in str(config.model_dump())
