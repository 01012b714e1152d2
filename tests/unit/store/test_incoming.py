"""Uploads in blocks: whole and hashed when they are finished, gone when they are not."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

import fsspec
import pytest
from fsspec.spec import AbstractBufferedFile, AbstractFileSystem

from earshot.analysis.errors import Forbidden
from earshot.audio.store.incoming import Incoming
from earshot.audio.store.wav_view import HEADER_BYTES, wav_view


class PartsFile(AbstractBufferedFile):  # type: ignore[misc]
    """A file that is sent in parts, and exists once the last one is."""

    def _initiate_upload(self) -> None:
        PartsStore.open_parts[self.path] = []

    def _upload_chunk(self, final: bool = False) -> bool:
        PartsStore.open_parts[self.path].append(self.buffer.getvalue())
        if final:
            PartsStore.objects[self.path] = b"".join(PartsStore.open_parts.pop(self.path))
        return True

    def discard(self) -> None:
        PartsStore.open_parts.pop(self.path)


class PartsStore(AbstractFileSystem):  # type: ignore[misc]
    """A remote store as S3 is one: objects appear whole, and parts that were sent cost money until
    they are discarded."""

    protocol = "parts"
    objects: ClassVar[dict[str, bytes]] = {}
    open_parts: ClassVar[dict[str, list[bytes]]] = {}

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        pass

    def _open(self, path: str, mode: str = "rb", **options: Any) -> PartsFile:
        return PartsFile(self, path, mode, block_size=1000)

    def isfile(self, path: str) -> bool:
        return path in self.objects

    def rm_file(self, path: str) -> None:
        del self.objects[path]

    def size(self, path: str) -> int:
        return len(self.objects[path])

    def cat_file(
        self, path: str, start: int | None = None, end: int | None = None, **options: Any
    ) -> bytes:
        return self.objects[path][start:end]


fsspec.register_implementation("parts", PartsStore, clobber=True)


@pytest.fixture(params=["file", "memory", "parts"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    names = {
        "file": f"file://{tmp_path}/a store",
        "memory": f"memory://{uuid4()}",
        "parts": f"parts://{uuid4()}",
    }
    return names[request.param]


def content(uri: str) -> bytes:
    fs, path = fsspec.core.url_to_fs(uri)
    return bytes(fs.cat_file(path))


def there(uri: str) -> bool:
    fs, path = fsspec.core.url_to_fs(uri)
    return bool(fs.isfile(path)) or path in PartsStore.open_parts


def blocks() -> Iterator[list[memoryview]]:
    data = memoryview(bytes(range(256)) * 50)
    for start in range(0, len(data), 700):
        yield [data[start : start + 300], data[start + 300 : start + 700]]


def test_an_upload_is_whole_and_hashed(store: str) -> None:
    incoming = Incoming("x/../a.WAV", store, 20_000)
    for each in blocks():
        incoming.write(each)
    done = incoming.finish()
    whole = bytes(range(256)) * 50
    assert (done.size, done.sha256) == (len(whole), hashlib.sha256(whole).hexdigest())
    assert done.uri.startswith(f"{store}/inbox/")
    assert done.uri.endswith("/audio.wav")
    assert content(done.uri) == whole
    incoming.discard()
    assert not there(done.uri)


@pytest.mark.parametrize("written", [0, 1, 20])
def test_what_is_discarded_leaves_nothing(store: str, written: int) -> None:
    incoming = Incoming("a.wav", store, 20_000)
    for _, each in zip(range(written), blocks(), strict=False):
        incoming.write(each)
    incoming.discard()
    incoming.discard()
    assert not there(incoming.uri)
    if store.startswith("file://"):
        assert not any(Path(store.removeprefix("file://"), "inbox").iterdir())


def test_the_bound_holds(store: str) -> None:
    incoming = Incoming("a.wav", store, 1000)
    incoming.write([bytes(1000)])
    with pytest.raises(Forbidden, match="more than"):
        incoming.write([b"x"])
    incoming.discard()
    assert not there(incoming.uri)


def test_it_may_only_be_hashed(tmp_path: Path) -> None:
    incoming = Incoming("a.wav", f"file://{tmp_path}", 1000, stored=False)
    incoming.write([b"abc"])
    assert incoming.finish() == ("", 3, hashlib.sha256(b"abc").hexdigest())
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("a.wav::zip://x", "audio"), ("a.w*v", "audio"), ("..", "audio"), ("", "audio"),
        ("a.Mp3", "audio.mp3"), ("a.tar.gz", "audio.gz"), ("a.abcdefghi", "audio"),
        ("a.wav\n", "audio"),
    ],
)  # fmt: skip
def test_names_of_senders_reach_no_path(tmp_path: Path, name: str, stored: str) -> None:
    incoming = Incoming(name, f"file://{tmp_path}", 1000)
    incoming.write([b"abc"])
    assert Path(incoming.finish().uri).name == stored


def test_the_view_of_stored_sound_is_a_file_from_any_byte(store: str) -> None:
    incoming = Incoming("16000.pcm", store, 20_000)
    sound = bytes(range(250)) * 8
    incoming.write([sound])
    view = wav_view(incoming.finish().uri, 16_000, 2)
    whole = view.read(0, view.size)
    assert (len(whole), view.size) == (HEADER_BYTES + 2000, HEADER_BYTES + 2000)
    assert whole[HEADER_BYTES:] == sound
    assert view.read(0, 10**9) == whole
    for start, end in ((0, 1), (10, 50), (43, 45), (44, 44), (500, 501), (2043, 2044)):
        assert view.read(start, end) == whole[start:end]


def test_a_view_of_more_than_four_gigabytes_says_up_to_the_end(tmp_path: Path) -> None:
    path = tmp_path / "16000.pcm"
    with path.open("wb") as file:
        file.truncate(5 * 2**30)
    view = wav_view(f"file://{path}", 16_000, 2)
    header = view.read(0, HEADER_BYTES)
    assert view.size == 5 * 2**30 + HEADER_BYTES
    assert header[4:8] == header[40:44] == b"\xff\xff\xff\xff"
    assert view.read(view.size - 3, view.size) == bytes(3)
