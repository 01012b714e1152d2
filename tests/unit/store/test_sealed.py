"""What the store holds is encrypted if there are keys, and read as if it were not: local, and at a
store that speaks S3."""

import io
import os
import random
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import fsspec
import numpy as np
import pytest
from pydantic import ValidationError

from earshot.analysis.errors import EarshotError
from earshot.analysis.keys.sound import SoundKeys, parsed, use, used
from earshot.analysis.report.sections import Transcript
from earshot.analysis.types import Utterance
from earshot.audio.decoding.probe import probe
from earshot.audio.sealing.cipher import HEADER, MAGIC, PLAIN, STORED, plain_size, sealed_size
from earshot.audio.sealing.files import change_stored, create_stored, open_stored
from earshot.audio.store import peaks, pieces, transcripts, whole
from earshot.audio.store.inbox import upload
from earshot.audio.store.incoming import Incoming
from earshot.audio.store.layout import pcm_uri
from earshot.audio.store.multipart import LEAST_PART
from earshot.audio.store.pcm import read_pcm
from earshot.audio.store.pcm_writer import PcmWriter
from earshot.audio.store.pieces import Pieces
from earshot.audio.store.resealing import key_at, reseal
from earshot.audio.store.silence import silence
from earshot.audio.store.source import content_hash, open_source
from earshot.audio.store.wav_view import HEADER_BYTES, wav_view
from earshot.settings import PROJECT, Settings
from tests.object_store import STORE, object_store

DEMO = PROJECT / "demo" / "call.ogg"
RATE = 16_000
PATTERN = b"PLANTED SOUND %05d "
SECRETS = {name: b64encode(random.Random(name).randbytes(32)).decode() for name in ("k1", "k2")}
OLD, BOTH, NEW = (
    parsed("\n".join(f"{name}:{SECRETS[name]}" for name in names))
    for names in (("k1",), ("k2", "k1"), ("k2",))
)
OTHER = parsed(f"k1:{SECRETS['k2']}")


@pytest.fixture(params=["file", "s3"])
def store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    if request.param == "file":
        yield f"file://{tmp_path}/store"
        return
    with object_store(monkeypatch):
        yield STORE


@pytest.fixture(autouse=True)
def keys() -> Iterator[None]:
    before = used()
    use(OLD)
    yield
    use(before)


def planted(frames: int) -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
    """Recognisable bytes as sound of two channels."""
    data = b"".join(PATTERN % each for each in range(frames * 4 // 20 + 1))[: frames * 4]
    return np.frombuffer(data, "<i2").reshape(-1, 2)


SOUND = planted(3 * PLAIN)
SPOKEN = Transcript(language="en", turns=())


def write(store: str, recording: UUID, rate: int = RATE) -> str:
    uri = pcm_uri(store, recording, rate)
    with PcmWriter(uri, 2) as writer:
        for block in np.array_split(SOUND, 7):
            writer.write((block.T / np.float32(32_768)).astype(np.float32))
            next(writer.blocks(9)).tobytes()
        assert np.array_equal(writer.read(1, 70_000, 70_100) * 32_768, SOUND[70_000:70_100, 1])
        assert np.array_equal(np.concatenate(list(writer.blocks(9_999))), SOUND)
    return uri


def everything(store: str) -> dict[str, bytes]:
    fs, path = fsspec.core.url_to_fs(store)
    fs.invalidate_cache()
    return {name: fs.cat_file(name) for name in fs.find(path)}


def fill(store: str, folder: Path) -> list[str]:
    """One of everything that the store holds; the URIs of uploads."""
    recording, data = uuid4(), SOUND[:PLAIN].tobytes()
    write(store, recording)
    peaks.put(store, recording, np.full((900, 2, 2), 77, np.int8))
    assert transcripts.get(transcripts.put(store, recording, 1, SPOKEN)) == SPOKEN
    file = folder / "a.wav"
    file.write_bytes(data)
    os.utime(file, (1_000_000_000, 1_000_000_000))
    incoming = Incoming("a.wav", store, 1 << 30)
    incoming.write([data[:99], memoryview(data)[99:]])
    begun = pieces.create("a.wav", store, len(data), 0)
    for start in range(0, len(data), 50_001):
        Pieces(*begun).append(start, data[start : start + 50_001])
    begun.complete()
    return [upload(file, store), incoming.finish().uri, begun.uri]


def test_nothing_of_it_can_be_read_in_the_store(store: str, tmp_path: Path) -> None:
    use(SoundKeys({}))
    fill(store, tmp_path)
    before = everything(store)
    assert sum(PATTERN[:13] in data for data in before.values()) == 4
    assert not any(data.startswith(MAGIC) for data in before.values())
    use(OLD)
    uploads = fill(store, tmp_path)
    new = {name: data for name, data in everything(store).items() if name not in before}
    assert len(new) == len(before)
    for name, data in new.items():
        assert data.startswith(MAGIC), name
        assert b"PLANTED" not in data, name
        assert bytes([77]) * 16 not in data, name
    for uri in uploads:
        with open_source(uri, (), store) as file, file.reader() as reader:
            assert reader.read() == SOUND[:PLAIN].tobytes()


def test_any_range_is_read_as_it_was_written(store: str) -> None:
    uri, rng = write(store, uuid4()), random.Random(3)
    plain = SOUND.tobytes()
    view = wav_view(uri, RATE, 2)
    assert view.pcm_bytes == len(plain)
    borders = [0, 1, PLAIN - 1, PLAIN, PLAIN + 1, 2 * PLAIN, len(plain) - 1, len(plain)]
    ranges = [(a, b) for a in borders for b in borders if a < b][:: 1 if "s3" not in store else 6]
    ranges += [sorted(rng.sample(range(len(plain)), 2)) for _ in range(20)]  # type: ignore[misc]
    for start, end in ranges:
        assert view.read(HEADER_BYTES + start, HEADER_BYTES + end) == plain[start:end]
    assert whole.read(uri, len(plain) - 5, len(plain) + 99) == plain[-5:]
    found = read_pcm(uri, RATE, 2, 3_001, 8_002, 1)[0] * 32_768
    assert np.array_equal(found, SOUND[3_001 * 16 : 8_002 * 16, 1])


def test_erased_sound_is_silent_and_its_old_blocks_have_lost_their_key(store: str) -> None:
    recording = uuid4()
    uri = write(store, recording)
    fs, path = fsspec.core.url_to_fs(uri)
    before = fs.cat_file(path)
    kept = open(path, "rb") if "s3" not in store else None  # noqa: SIM115
    for _ in range(2):
        silence(store, recording, 2, [Utterance(channel=1, start_ms=4_000, end_ms=5_001)])
    after = fs.cat_file(path)
    assert after.startswith(MAGIC)
    assert not any(
        before[at : at + STORED] in after for at in range(HEADER, len(before), STORED)
    ), "nothing is left of what it was encrypted with"
    expected = SOUND.copy()
    expected[4_000 * 16 : 5_001 * 16, 1] = 0
    assert whole.read(uri) == expected.tobytes()
    assert peaks.scale(store, recording, 2).channels == 2
    if kept is not None:
        with kept:
            assert kept.read() == before[:48] + bytes(40) + before[88:]


def test_keys_change_and_old_files_stay_readable(store: str) -> None:
    use(SoundKeys({}))
    plain = write(store, uuid4())
    use(OLD)
    old = write(store, uuid4())
    use(BOTH)
    new = write(store, uuid4())
    paths = [uri.removeprefix(f"{store}/") for uri in (plain, old, new)]
    assert [key_at(store, path) for path in paths] == [None, "k1", "k2"]
    use(NEW)
    with pytest.raises(EarshotError, match="needs the key k1") as missing:
        whole.read(old, 0, 9)
    use(OTHER)
    with pytest.raises(EarshotError, match="another key named k1") as wrong:
        read_pcm(old, RATE, 2, 0, 9)
    for raised in (missing, wrong):
        assert raised.value.code == "sound_key"
        assert not any(secret in str(raised.value) for secret in SECRETS.values())
    use(BOTH)
    for path in paths:
        reseal(store, path)
    use(NEW)
    assert [key_at(store, path) for path in paths] == ["k2"] * 3
    for uri in (plain, old, new):
        assert whole.read(uri) == SOUND.tobytes()
    use(SoundKeys({}))
    with pytest.raises(EarshotError, match="needs the key k2"):
        wav_view(new, RATE, 2)


def test_what_was_altered_is_refused(tmp_path: Path) -> None:
    uri = write(f"file://{tmp_path}", uuid4())
    path = Path(uri.removeprefix("file://"))
    before = path.read_bytes()
    one, two = (before[HEADER + at * STORED :][:STORED] for at in (0, 1))
    flipped = bytearray(before)
    flipped[HEADER + STORED + 500] ^= 1
    for altered in (bytes(flipped), before[:HEADER] + two + one + before[HEADER + 2 * STORED :]):
        path.write_bytes(altered)
        with pytest.raises(EarshotError, match="block 1") as raised:
            whole.read(uri, PLAIN, PLAIN + 9)
        assert raised.value.code == "sound_damaged"
    path.write_bytes(before[: HEADER - 1])
    with pytest.raises(EarshotError, match="within its header"):
        whole.read(uri, 0, 9)


@pytest.mark.parametrize("seed", range(6))
def test_a_sealed_file_is_as_any_other(tmp_path: Path, seed: int) -> None:
    """Written, read, cut and opened again at random, beside a file in memory."""
    rng, path, model = random.Random(seed), tmp_path / "a", io.BytesIO()
    file = create_stored(path)
    for _ in range(150):
        size = len(model.getbuffer())
        at, data = rng.randint(0, size), rng.randbytes(rng.choice([1, 500, PLAIN, 90_000]))
        match rng.choice(["write", "write", "read", "read", "cut", "again"]):
            case "write":
                for each in (file, model):
                    each.seek(at)
                    each.write(data)
            case "read":
                file.seek(at)
                model.seek(at)
                assert file.read(len(data)) == model.read(len(data))
            case "cut" if rng.random() < 0.3:
                for each in (file, model):
                    each.truncate(at)
            case "again":
                file.close()
                file = change_stored(path)
        assert file.seek(0, io.SEEK_END) == len(model.getbuffer())
    file.close()
    with open_stored(path) as read:
        assert read.read() == model.getvalue()
    stored, size = path.stat().st_size, len(model.getbuffer())
    assert (plain_size(stored), sealed_size(size)) == (size, stored)


def test_pieces_of_any_size_make_one_sealed_object(monkeypatch: pytest.MonkeyPatch) -> None:
    data = (PATTERN % 7) * ((2 * LEAST_PART + 1_000_003) // 20)
    step = 1_700_001
    last = len(data) - len(data) % step
    with object_store(monkeypatch) as fs:
        begun = pieces.create("a.wav", STORE, len(data), 0)
        for start in range(0, last, step):
            Pieces(*begun).append(start, data[start : start + step])
        beside = everything(STORE)
        assert not any(b"PLANTED" in each for each in beside.values())
        Pieces(*begun).append(last, data[last:])
        for _ in range(2):
            Pieces(*begun).complete()
        assert fs.find(STORE) == [begun.uri.removeprefix("s3://")]
        assert b"PLANTED" not in fs.cat_file(begun.uri)
        assert whole.read(begun.uri) == data


def test_an_upload_is_decoded_and_hashed_as_it_was_sent(tmp_path: Path) -> None:
    store = f"file://{tmp_path}"
    uri = upload(DEMO, store)
    with open_source(uri, (), store) as file:
        assert file.size == DEMO.stat().st_size
        assert content_hash(file) == content_hash(DEMO)
        assert probe(file).expected_ms == probe(DEMO).expected_ms
        assert not file.changed()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (SECRETS["k1"], "entry 1 is not of the form"),
        (f"k1:{SECRETS['k1'][:-4]}", "has 30 bytes"),
        (f"k1:{SECRETS['k1'][:-1]}!", "is no Base64"),
        (f"k1:{SECRETS['k1']},k1:{SECRETS['k2']}", "two keys are named k1"),
    ],
)
def test_malformed_keys_are_refused_and_not_shown(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as raised:
        parsed(text)
    assert not any(secret[:20] in str(raised.value) for secret in SECRETS.values())


def test_settings_take_keys_from_a_file_or_a_variable_and_show_none(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"k2: {SECRETS['k2']}\n\nk1: {SECRETS['k1']}\n")
    found = Settings(sound_keys_file=file)
    assert found.sound_keyring().names == ("k2", "k1")
    both = f"k1:{SECRETS['k1']}"
    shown = [repr(found), repr(Settings(sound_keys=both))]
    for wrong in (
        {"sound_keys": both, "sound_keys_file": file},
        {"sound_keys": both[:-8]},
        {"sound_keys_file": tmp_path / "none"},
    ):
        with pytest.raises(ValidationError) as raised:
            Settings(**wrong)
        shown.append(str(raised.value))
    assert "cannot be read: No such file" in shown[-1]
    assert not any(secret[:12] in text for text in shown for secret in SECRETS.values())
