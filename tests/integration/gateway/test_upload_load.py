"""Many clients at a time: uploads take little memory, slow senders are cut off, and requests that
wait for an analysis keep no others waiting. ``--upload-mb 5000`` is the full size."""

import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from cli.localstack import waiting
from tests.integration.gateway.clients import client_of
from tests.integration.gateway.test_submit import END, PART, B, head
from tests.servers import Stack, servers

pytestmark = pytest.mark.integration

CLIENTS = 40
PIECE = b"\x5a" * (1 << 18)
GROWTH_BYTES = 30_000_000


@pytest.fixture
def alone() -> Iterator[Stack]:
    """Servers without workers; each test sets up its gateway."""
    with servers() as started:
        yield started


def resident(pid: int) -> int:
    """Bytes of a process in memory."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return 1024 * int(next(line.split()[1] for line in lines if line.startswith("VmRSS")))


def show(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def gateway_pid(stack: Stack) -> int:
    return int(json.loads((stack.home / "run" / "gateway.json").read_text())["pid"])


def dial(url: str) -> socket.socket:
    place = urlsplit(url)
    return socket.create_connection((place.hostname, place.port), timeout=120)


def upload(stack: Stack, url: str, token: str, size: int) -> bytes:
    """Uploads a file of this size, and returns the head of the answer."""
    length = len(PART) + size + len(END)
    with dial(url) as line:
        line.sendall(head(stack, token, f"Content-Length: {length}", "Connection: close"))
        line.sendall(PART.encode())
        for start in range(0, size, len(PIECE)):
            line.sendall(PIECE[: size - start])
        line.sendall(END.encode())
        return line.recv(65_536)


def test_forty_uploads_take_little_memory(alone: Stack, pytestconfig: pytest.Config) -> None:
    total = int(pytestconfig.getoption("--upload-mb")) * 1_000_000
    with alone.gateway() as url:
        token = alone.token()
        pid = gateway_pid(alone)
        assert upload(alone, url, token, 1_000_000).startswith(b"HTTP/1.1 202")  # all is loaded
        before, peak, done = resident(pid), 0, threading.Event()

        def watch() -> None:
            nonlocal peak
            while not done.wait(0.02):
                peak = max(peak, resident(pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        began = time.monotonic()
        try:
            with ThreadPoolExecutor(CLIENTS) as pool:
                heads = list(
                    pool.map(lambda _: upload(alone, url, token, total // CLIENTS), range(CLIENTS))
                )
        finally:
            done.set()
            watcher.join()
        seconds = time.monotonic() - began
        assert {each[:12] for each in heads} == {b"HTTP/1.1 202"}
        grew = (peak - before) / 1e6
        show(f"{total / 1e6:.0f} MB in {seconds:.1f} s; {before / 1e6:.1f} MB grew by {grew:.1f}")
        assert peak - before < GROWTH_BYTES
        stored = list((alone.home / "audio" / "inbox").rglob("*.wav"))
        assert sorted(each.stat().st_size for each in stored) == sorted(
            [1_000_000, *[total // CLIENTS] * CLIENTS]
        )


def test_a_401_for_gigabytes_costs_no_more_than_its_headers(alone: Stack) -> None:
    """The same processor time, give or take, whether 5 GB or nothing was announced, and none of
    the body is taken from a sender that goes on."""
    with alone.gateway() as url:
        pid = gateway_pid(alone)

        def cost(length: int) -> float:
            began = processor_sec(pid)
            for _ in range(200):
                with dial(url) as line:
                    line.sendall(head(alone, "ear_wrong", f"Content-Length: {length}"))
                    assert line.recv(4096).startswith(b"HTTP/1.1 401")
            return processor_sec(pid) - began

        cost(0)
        small, large = cost(0), cost(5_000_000_000)
        show(f"200 refusals: {small:.2f} s of processor time for no body, {large:.2f} s for 5 GB")
        assert large < 1.5 * small + 0.1
        before = resident(pid)
        with dial(url) as line:
            line.sendall(head(alone, "ear_wrong", "Content-Length: 5000000000"))
            sent = sent_until_refused(line, 100_000_000)
        assert sent < 50_000_000
        assert resident(pid) - before < 5_000_000


def sent_until_refused(line: socket.socket, most: int) -> int:
    sent = 0
    try:
        while sent < most:
            line.sendall(PIECE)
            sent += len(PIECE)
    except (BrokenPipeError, ConnectionResetError):
        return sent
    return sent


def processor_sec(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def test_a_sender_of_single_bytes_is_cut_off(alone: Stack) -> None:
    """And one that sends little, but steadily, is not."""
    alone.settings["SILENT_SEC"] = "1"

    def answered(piece: bytes, pieces: int) -> bytes:
        with dial(url) as line:
            length = len(PART) + len(piece) * pieces + len(END)
            line.sendall(head(alone, alone.token(), f"Content-Length: {length}"))
            line.sendall(PART.encode())
            line.settimeout(0.2)
            for _ in range(pieces):
                line.sendall(piece)
                with suppress(TimeoutError):
                    return line.recv(4096)
            line.settimeout(20)
            line.sendall(END.encode())
            return line.recv(4096)

    with alone.gateway() as url:
        assert answered(b"x", 60).startswith(b"HTTP/1.1 408")
        assert answered(b"x" * 300, 20).startswith(b"HTTP/1.1 202")
        inbox = alone.home / "audio" / "inbox"
        waiting.became(lambda: len(list(inbox.rglob("*.wav"))) == 1, 20)
        assert len(list(inbox.rglob("*.wav"))) == 1


def test_a_slow_sender_is_cut_off(alone: Stack) -> None:
    alone.settings["SILENT_SEC"] = "1"
    with alone.gateway() as url, dial(url) as line:
        line.sendall(head(alone, alone.token(), "Content-Length: 5000"))
        line.sendall(PART.encode() + b"some of it")
        answer = line.recv(4096)
        assert answer.startswith(b"HTTP/1.1 408")
        assert b"connection: close" in answer.lower()
        inbox = alone.home / "audio" / "inbox"
        waiting.became(lambda: not any(inbox.rglob("*.wav")), 20)
        assert not any(inbox.rglob("*.wav"))


def test_a_file_above_the_bound_is_413_and_removed(alone: Stack) -> None:
    """Counted while it is read: nothing was announced."""
    alone.settings["MAX_UPLOAD_MB"] = "1"
    with alone.gateway() as url, client_of(alone, url) as client:

        def pieces() -> Iterator[bytes]:
            yield PART.encode()
            for _ in range(40):
                yield PIECE
            yield END.encode()

        kind = {"Content-Type": f"multipart/form-data; boundary={B}"}
        for path in ("/recordings", "/transcribe"):
            answer = client.post(path, content=pieces(), headers=kind)
            assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        whole = b"".join(pieces())
        assert client.post("/recordings", content=whole, headers=kind).status_code == 413
        assert not any((alone.home / "audio" / "inbox").rglob("*.wav"))


def test_a_full_backlog_is_503_before_the_body(alone: Stack) -> None:
    alone.settings["MAX_UNMERGED_CHUNKS"] = "1"
    with alone.gateway() as url, client_of(alone, url) as client:
        files = {"file": ("a.wav", b"abc")}
        assert client.post("/recordings", files=files).status_code == 202
        answer = client.post("/recordings", files=files)
        assert (answer.status_code, answer.json()["code"]) == (503, "backlog")
        assert int(answer.headers["retry-after"]) > 0
        with dial(url) as line:
            line.sendall(head(alone, alone.token(), "Content-Length: 5000000"))
            assert line.recv(4096).startswith(b"HTTP/1.1 503")


def test_requests_that_wait_keep_none_waiting(alone: Stack) -> None:
    """A hundred wait for workers that are not there; others are answered at once meanwhile, and
    each of them in the end."""
    alone.settings["ANSWER_SEC"] = "8"
    with alone.gateway() as url, client_of(alone, url) as client:
        token = alone.token()
        headers = {"Authorization": f"Bearer {token}"}

        def wait(_: int) -> httpx2.Response:
            return httpx2.post(
                f"{url}/transcribe",
                files={"file": ("a.wav", b"abc")},
                headers=headers,
                timeout=60,
                trust_env=False,
            )

        with ThreadPoolExecutor(100) as pool:
            answers = [pool.submit(wait, each) for each in range(100)]

            def listed() -> int:
                return len(client.get("/recordings", params={"limit": 200}).json()["recordings"])

            waiting.became(lambda: listed() == 100, 60)
            began = time.monotonic()
            assert listed() == 100
            took = time.monotonic() - began
            found = [each.result() for each in answers]
        show(f"a list took {took:.3f} s beside 100 that wait")
        assert took < 2
        assert {each.status_code for each in found} == {202}
        for each in found:
            assert each.headers["location"] == f"/sessions/{each.json()['id']}"


def test_a_gateway_that_stops_removes_what_is_not_complete(alone: Stack) -> None:
    inbox = alone.home / "audio" / "inbox"
    with alone.gateway() as url:
        line = dial(url)
        line.sendall(head(alone, alone.token(), "Content-Length: 5000000"))
        line.sendall(PART.encode() + PIECE)
        waiting.became(lambda: any(inbox.rglob("*.wav")), 20)
        assert any(inbox.rglob("*.wav"))
    line.close()
    assert not any(inbox.rglob("*.wav"))
