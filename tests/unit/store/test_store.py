"""The audio store, the inbox and the roots: whole or not at all, and never outside."""

import os
import resource
import shutil
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import fsspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earshot.analysis.errors import BadAudio, Forbidden, Unavailable
from earshot.analysis.request import IngestRequest
from earshot.audio.prepare import prepare
from earshot.audio.store.inbox import discard_upload, upload
from earshot.audio.store.layout import check_own, delete_recording, pcm_uri, recording_url
from earshot.audio.store.leftovers import stored
from earshot.audio.store.pcm import read_pcm
from earshot.audio.store.pcm_writer import PcmWriter
from earshot.audio.store.source import confine, content_hash, open_source
from tests.sounds.audio_files import tone, write


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"file://{tmp_path}/a store" if request.param == "file" else f"memory://{uuid4()}"


def objects(store: str) -> list[str]:
    fs, path = fsspec.core.url_to_fs(store)
    return sorted(fs.find(path)) if fs.exists(path) else []


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    channels=st.integers(1, 8),
    rate=st.sampled_from([8_000, 16_000, 44_100]),
    start=st.integers(0, 1500),
    end=st.integers(0, 1500),
)
def test_reading_by_time_is_slicing(
    store: str, channels: int, rate: int, start: int, end: int
) -> None:
    sound = np.random.default_rng(channels).uniform(-1, 0.999, (channels, rate)).astype(np.float32)
    uri = pcm_uri(store, uuid4(), rate)
    with PcmWriter(uri, channels) as writer:
        writer.write(sound[:, :333])
        writer.write(sound[:, 333:])
    heard = read_pcm(uri, rate, channels, start, end)
    assert heard.dtype == np.float32
    np.testing.assert_allclose(
        heard, sound[:, start * rate // 1000 : end * rate // 1000], atol=2**-15
    )
    for channel in range(channels):
        (alone,) = read_pcm(uri, rate, channels, start, end, channel)
        np.testing.assert_array_equal(alone, heard[channel])


@pytest.mark.parametrize("root", ["s3://calls/store", "file:///data/audio", "/data/audio"])
def test_a_jobs_audio_lies_in_its_recordings_folder(root: str) -> None:
    own, other = uuid4(), uuid4()
    check_own(pcm_uri(root, own, 16_000), root, own)
    check_own(f"{recording_url(root, own)}/2.transcript.json", root, own)
    wrong = (
        f"{recording_url(root, other)}/2.transcript.json",
        f"{recording_url(root, own)}/2/2.transcript.json",
        f"{root}/2.transcript.json",
        "16000.pcm",
        "/16000.pcm",
        pcm_uri(root, other, 16_000),
        pcm_uri("s3://callsXstore", own, 16_000),
        f"{root}/16000.pcm",
    )
    for uri in wrong:
        with pytest.raises(Forbidden, match="is not in"):
            check_own(uri, root, own)


def test_keeping_one_channel(store: str) -> None:
    sound = tone(1, channels=3)
    uri = pcm_uri(store, uuid4(), 16_000)
    with PcmWriter(uri, 3) as writer:
        writer.write(sound)
        writer.keep_channel(1)
    np.testing.assert_allclose(read_pcm(uri, 16_000, 1, 0, 1000)[0], sound[1], atol=2**-15)


def test_loud_samples_are_clipped_not_wrapped(store: str) -> None:
    uri = pcm_uri(store, uuid4(), 16_000)
    with PcmWriter(uri, 1) as writer:
        writer.write(np.array([[1.0, 1.5, -1.0, -7.0]], dtype=np.float32))
    assert read_pcm(uri, 16_000, 1, 0, 1).tolist() == [[32767 / 32768, 32767 / 32768, -1.0, -1.0]]


def test_a_failed_write_leaves_nothing(store: str) -> None:
    def write_and_fail() -> None:
        with PcmWriter(pcm_uri(store, uuid4(), 16_000), 1) as writer:
            writer.write(tone(1))
            raise InterruptedError

    with pytest.raises(InterruptedError):
        write_and_fail()
    assert objects(store) == []


def test_a_replaced_recording_is_read_anew(store: str) -> None:
    uri = pcm_uri(store, uuid4(), 16_000)
    for value in (0.25, 0.5):
        with PcmWriter(uri, 1) as writer:
            writer.write(np.full((1, 160), value, dtype=np.float32))
        assert read_pcm(uri, 16_000, 1, 0, 10).max() == value


def test_a_deleted_recording_is_missing(store: str) -> None:
    recording = uuid4()
    uri = pcm_uri(store, recording, 16_000)
    with PcmWriter(uri, 1) as writer:
        writer.write(tone(1))
    assert read_pcm(uri, 16_000, 1, 0, 10).shape == (1, 160)
    delete_recording(store, recording)
    delete_recording(store, recording)
    with pytest.raises(BadAudio) as caught:
        read_pcm(uri, 16_000, 1, 0, 10)
    assert caught.value.code == "missing"
    assert objects(store) == []


def test_a_full_disk_is_transient_and_leaves_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tone(30), 16_000, "pcm_s16le")
    child = os.fork()
    if child == 0:  # a limit on the size of files, which the kernel enforces as it does a full disk
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        try:
            prepare(path, uuid4(), f"file://{tmp_path}/store", rates={32_000})
        except Unavailable as error:
            os._exit(0 if error.code == "disk_full" and "space" in str(error) else 1)
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == [path]


def test_if_one_rate_cannot_be_published_none_is(tmp_path: Path) -> None:
    recording = uuid4()
    folder = tmp_path / "store" / "recordings" / str(recording)
    (folder / "16000.pcm" / "in the way").mkdir(parents=True)
    path = write(tmp_path / "a.wav", tone(1), 16_000, "pcm_s16le")
    with pytest.raises(Unavailable):
        prepare(path, recording, f"file://{tmp_path}/store", rates={32_000})
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == [path]


def test_a_store_that_is_a_file_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("in the way")
    path = write(tmp_path / "a.wav", tone(1), 16_000, "pcm_s16le")
    with pytest.raises(Unavailable) as caught:
        prepare(path, uuid4(), f"file://{tmp_path}/store")
    assert caught.value.code == "store_unavailable"


def test_a_store_that_names_no_times_is_unavailable_where_they_are_needed(tmp_path: Path) -> None:
    """Of fsspec's own clients the one of archives calls them otherwise."""
    with zipfile.ZipFile(tmp_path / "store.zip", "w") as archive:
        archive.writestr("recordings/1/16000.pcm", bytes(2))
    with pytest.raises(Unavailable, match="when its files were written") as caught:
        list(stored(f"zip://::file://{tmp_path}/store.zip"))
    assert caught.value.code == "store_unavailable"


def test_an_upload_is_a_copy_that_can_be_discarded(store: str, tmp_path: Path) -> None:
    path = tmp_path / "my call.wav"
    path.write_bytes(b"sound" * 1000)
    first, second = upload(path, store), upload(path, store)
    with open_source(first, (), store) as copy:
        assert content_hash(copy) == content_hash(path)
    path.unlink()
    discard_upload(first, store)
    discard_upload(first, store)
    assert len(objects(store)) == 1  # the second upload of the same file is its own
    discard_upload(second, store)
    assert objects(store) == []
    with pytest.raises(BadAudio) as caught, open_source(first, (), store):
        pass
    assert caught.value.code == "missing"


@pytest.mark.parametrize(
    "name", [b"50% off#1?.wav", b"a%20b.wav", b"caf\xe9.wav", "café 🎧.wav".encode()]
)
def test_an_upload_keeps_odd_names_readable(store: str, tmp_path: Path, name: bytes) -> None:
    path = tmp_path / os.fsdecode(name)
    path.write_bytes(b"sound")
    uri = upload(path, store)
    uri.encode()  # can travel in a message
    with open_source(uri, (), store) as copy:
        assert copy.reader().read() == b"sound"
    discard_upload(uri, store)
    assert objects(store) == []


def test_an_upload_has_a_name_that_may_travel(store: str, tmp_path: Path) -> None:
    for name in (b"esc\x1b[2J\nline.wav", b"\xe9" * 251 + b".wav", ("é" * 125 + ".flac").encode()):
        path = tmp_path / os.fsdecode(name)
        path.write_bytes(b"sound")
        uri = IngestRequest(uri=upload(path, store)).uri
        assert (Path(uri).suffix, len(Path(uri).name.encode()) <= 255) == (path.suffix, True)
        with open_source(uri, (), store) as copy:
            assert copy.reader().read() == b"sound"


def test_nothing_is_copied_that_is_too_large_or_has_no_room(tmp_path: Path) -> None:
    store = f"file://{tmp_path}/store"
    path = tmp_path / "long.wav"
    path.write_bytes(b"x" * 3_000_000)
    with pytest.raises(Forbidden, match="has 3 MB; EARSHOT_MAX_UPLOAD_MB allows 2") as caught:
        upload(path, store, 2_000_000)
    assert caught.value.code == "too_large"
    disk = shutil.disk_usage(tmp_path)
    for size, code in ((disk.total - 1, "disk_full"), (disk.total + 1, "too_large")):
        os.truncate(path, size)  # a sparse file, which takes no room itself
        with pytest.raises((Unavailable, Forbidden), match=r"MB are needed") as full:
            upload(path, store)
        assert full.value.code == code
    assert not (tmp_path / "store").exists()


def test_discarding_never_leaves_the_inbox(tmp_path: Path) -> None:
    store = f"file://{tmp_path}/store"
    precious = tmp_path / "precious.wav"
    precious.write_bytes(b"x")
    for uri in (
        str(precious),
        f"file://{precious}",
        f"{store}/inbox/../../precious.wav",
        f"{store}/inbox/a/../../../precious.wav",
    ):
        discard_upload(uri, store)
    assert precious.exists()


def test_discarding_what_is_no_upload_raises_nothing_and_leaves_the_inbox(
    store: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"x")
    uri = upload(path, store)
    folder = uri.rpartition("/")[0]
    for strange in (
        folder,
        f"{folder}/",
        f"{store}/inbox/",
        f"{store}/inbox",
        f"{uri}/deeper",
        f"{folder}/{'x' * 304}",
    ):
        discard_upload(strange, store)
    assert len(objects(store)) == 1
    discard_upload(uri, store)
    if store.startswith("file://"):
        inbox = Path(store.removeprefix("file://")) / "inbox"
        assert list(inbox.iterdir()) == []


def test_an_upload_that_cannot_be_removed_stays_in_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = f"file://{tmp_path}/store"
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "inbox").write_bytes(b"a file in its place")
    discard_upload(f"{store}/inbox/a/b.wav", store)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "stays" in caplog.text


@pytest.mark.parametrize("name", ["x" * 304, "circle.wav", "pipe.wav"])
def test_strange_files_are_refused_with_a_reason(tmp_path: Path, name: str) -> None:
    (tmp_path / "circle.wav").symlink_to(tmp_path / "circle.wav")
    os.mkfifo(tmp_path / "pipe.wav")
    with (
        pytest.raises(BadAudio, match=r"cannot be opened|regular"),
        open_source(f"file://{tmp_path}/{name}", (str(tmp_path),), ""),
    ):
        pass


def test_a_web_root_may_be_an_ipv6_address() -> None:
    roots = ("http://[2001:db8::7]:8000/calls",)
    uri = "http://[2001:db8::7]:8000/calls/a.wav"
    assert confine(uri, roots, "file:///nowhere") == uri
    for outside in (
        f"{uri}::file:///etc/passwd",
        "http://[2001:db8::8]:8000/calls/a.wav",
        f"zip://a::{uri}",
    ):
        with pytest.raises(Forbidden):
            confine(outside, roots, "file:///nowhere")


def test_what_lies_below_a_root_may_be_read(tmp_path: Path) -> None:
    root = tmp_path / "calls"
    (root / "deep").mkdir(parents=True)
    path = root / "deep" / "a b.wav"
    path.write_bytes(b"x")
    (root / "link.wav").symlink_to(path)
    for uri in (
        str(path),
        f"file://{path}",
        path.as_uri(),
        f"file://{root}/deep/../deep/a b.wav",
        str(root / "link.wav"),
    ):
        for roots in ((str(root),), (f"file://{root}",), (f"file://{root}/", "s3://elsewhere")):
            assert confine(uri, roots, "file:///nowhere") == f"file://{path.resolve()}"


@pytest.mark.parametrize(
    "uri",
    [
        "file:///etc/passwd",
        "/etc/passwd",
        "{root}/../secret.wav",
        "file://{root}/%2e%2e/secret.wav",
        "{root}-other/a.wav",
        "{root}/out.wav",
        "ftp://host/a.wav",
        "http://host/a.wav",
        "https://good.example/calls/../secret.wav",
        "https://good.example/calls/%2e%2e/secret.wav",
        "https://good.example.evil.org/calls/a.wav",
        "https://good.example/callsX/a.wav",
        "simplecache::file:///etc/passwd",
        "https://good.example/calls/a.zip::file:///etc/passwd",
        "",
    ],
)
def test_what_lies_outside_is_forbidden(tmp_path: Path, uri: str) -> None:
    root = tmp_path / "calls"
    root.mkdir()
    (tmp_path / "secret.wav").write_bytes(b"x")
    (root / "out.wav").symlink_to(tmp_path / "secret.wav")
    with pytest.raises(Forbidden) as caught:
        confine(
            uri.format(root=root),
            (str(root), "https://good.example/calls"),
            f"file://{tmp_path}/store",
        )
    assert caught.value.code == "outside_roots"
    assert "EARSHOT_ROOTS" in str(caught.value)


def test_a_remote_recording_is_copied_for_the_time_of_decoding() -> None:
    root = f"memory://{uuid4()}"
    with fsspec.open(f"{root}/a.flac", "wb") as file:
        file.write(b"remote sound")
    with open_source(f"{root}/a.flac", (root,), "file:///nowhere") as copy:
        assert (copy.reader().read(), copy.path.suffix) == (b"remote sound", ".flac")
    assert not copy.path.exists()
    with (
        pytest.raises(BadAudio, match="does not exist"),
        open_source(f"{root}/b.flac", (root,), "file:///nowhere"),
    ):
        pass


def test_a_folder_is_not_a_recording(tmp_path: Path) -> None:
    with (
        pytest.raises(BadAudio, match="folder"),
        open_source(str(tmp_path), (str(tmp_path),), "file:///nowhere"),
    ):
        pass


def test_audio_that_two_remove_at_once_is_gone_for_both(tmp_path: Path) -> None:
    store = f"file://{tmp_path}"
    with ThreadPoolExecutor(2) as both:
        for _ in range(100):
            recording_id = uuid4()
            folder = tmp_path / "recordings" / str(recording_id)
            folder.mkdir(parents=True)
            for rate in range(20):
                (folder / f"{rate}.pcm").write_bytes(b"sound")
            removed = list(both.map(lambda each: delete_recording(store, each), [recording_id] * 2))
            assert not folder.exists()
            assert sum(files for files, _ in removed) == 20
