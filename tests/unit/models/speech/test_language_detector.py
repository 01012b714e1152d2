"""The detector of languages over the weights of two packages."""

import json
from pathlib import Path

import numpy as np
import pytest

from earshot.audio.decoding.decode import decode
from earshot.audio.decoding.frames import Tally
from earshot.audio.decoding.probe import probe
from earshot.compute.placed_weights import Weight, integers, numbers
from earshot.models.checkpoints.addresses import package_folder
from earshot.models.checkpoints.catalog import load
from earshot.models.checkpoints.location import beside
from earshot.models.runtimes import open_release
from earshot.models.whisper.language_detector import Detected, LanguageDetector, log_odds
from earshot.models.whisper.languages import CODES
from earshot.settings import settings

ENTRY = next(entry for entry in load() if entry.name == "language-whisper-base-1")
DEMO = Path(__file__).resolve().parents[4] / "demo"


@pytest.fixture(scope="module")
def detector() -> LanguageDetector:
    if not ENTRY.at_hand:
        pytest.skip("its packages are not installed")
    found = open_release(ENTRY.release(), "cpu", settings())
    assert isinstance(found, LanguageDetector)
    return found


def test_the_demo_call_is_english(detector: LanguageDetector) -> None:
    path = DEMO / "call.ogg"
    call = np.concatenate(list(decode(path, probe(path), Tally())), axis=1)
    utterances = json.loads((DEMO / "call.json").read_text())["utterances"]
    for each in utterances[:4]:
        samples = call[each["channel"], each["start_ms"] * 16 : each["end_ms"] * 16]
        shares = detector.shares(samples)
        assert shares.sum() == pytest.approx(1, abs=1e-4)
        found = detector.detect(samples, "en")
        assert found.log_odds < -1
        assert found.language != "en"
        assert found.log_odds == pytest.approx(log_odds(shares[detector.languages.index("en")]))
        assert found.share == pytest.approx(np.sort(shares)[-2])


def test_it_knows_the_languages_of_whisper_but_cantonese(detector: LanguageDetector) -> None:
    assert len(detector.languages) == 99
    assert CODES - set(detector.languages) == {"yue"}


def test_the_odds_of_head_and_detector_add_within_bounds(detector: LanguageDetector) -> None:
    odds = [detector.beside(head, Detected(own, "de", 0.5)) for head, own in ((0, 0), (5, 14))]
    assert odds[1] == 5
    assert -5 < odds[0] < 0
    assert detector.beside(-5, Detected(-14, "de", 0.0)) == -5


def test_the_metadata_names_every_weight_of_both_files() -> None:
    if (folder := ENTRY.folder_in_package) is None:
        pytest.skip("its packages are not installed")
    described = json.loads(beside("spoken_language.json").read_text(encoding="utf-8"))
    files = [described["member"], *described["more"]]
    assert set(files) == set(ENTRY.digests)
    sizes = [(folder / file).stat().st_size for file in files]
    ends = [
        each["offsets"][0] + 2 * int(np.prod(each["shape"]))
        for each in described["weights"].values()
    ]
    starts = [each["offsets"][0] for each in described["weights"].values()]
    assert sizes[0] < max(ends) <= sum(sizes)
    assert any(
        start < sizes[0] < end for start, end in zip(starts, ends, strict=True)
    )  # one is cut


def test_numbers_go_on_in_the_next_file(tmp_path: Path) -> None:
    content = np.arange(6, dtype="<f2").tobytes()
    first, second = tmp_path / "model.bin.part1", tmp_path / "model.bin.part2"
    for cut in (0, 5, 9, 12):
        first.write_bytes(content[:cut])
        second.write_bytes(content[cut:])
        weight = Weight(offsets=(4,), shape=(2, 2), numbers="<f2")
        assert numbers(first, weight, second).tolist() == [[2, 3], [4, 5]]


def test_a_matrix_becomes_integers_by_output() -> None:
    matrix = np.array([[0.5, -1.0, 0.25], [0.0, 0.0, 0.0]], np.float32)
    whole, scale = integers(matrix)
    assert (whole.shape, whole.dtype) == ((3, 2), np.int8)
    assert whole[:, 0].tolist() == [64, -127, 32]
    np.testing.assert_allclose(whole.T * scale[:, None], matrix, atol=scale.max() / 2)


def test_packages_side_by_side_are_found_by_their_files() -> None:
    files = ("earshot/models/catalog.toml", "workers/asr/__init__.py")
    folder = package_folder("package:", files)
    assert folder is not None
    assert all((folder / file).is_file() for file in files)
    assert package_folder("package:", ("absent_module/a", *files)) is None
    assert package_folder("package:", (*files, "absent_module/a")) is None
