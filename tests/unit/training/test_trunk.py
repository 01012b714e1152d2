"""What a trunk learns from: packaged sounds, none of which holds a piece of a recording that is
judged."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from earshot.audio.features.spectra import Array
from training.data import packaged
from training.data.datasets import RATE

pytestmark = pytest.mark.ml


def noise(seconds: float, seed: int) -> Array:
    return np.random.default_rng(seed).standard_normal(int(seconds * RATE)).astype(np.float32)


def test_a_piece_of_a_recording_is_found_at_any_level_and_place() -> None:
    sounds = pytest.importorskip("training.recipes.trunk.sounds")
    recording, other = noise(5, 0), noise(4, 1)
    holding = other + 0.0
    holding[RATE : 3 * RATE] = 0.1 * recording[2 * RATE : 4 * RATE]
    piece = recording[2 * RATE : 3 * RATE]
    assert sounds.correlation(piece, holding) > 0.9
    assert sounds.correlation(holding, piece) > 0.9
    assert sounds.correlation(piece, other) < sounds.SAME / 2


def test_what_the_teacher_rarely_hears_is_drawn_often() -> None:
    sounds = pytest.importorskip("training.recipes.trunk.sounds")
    made = packaged.joined([(str(i), np.full(RATE, i + 1, np.int16)) for i in range(100)])
    scores = np.zeros((100, 521), np.float32)
    scores[np.arange(100), [1] * 99 + [2]] = 1.0
    draws = sounds.Draws(
        made,
        sounds.Outputs(np.arange(100), np.zeros(100, np.int64), scores, scores.astype(np.float16)),
        0,
    )
    share = draws.until[-1] - draws.until[-2]
    assert draws.until[-1] == pytest.approx(1)
    assert 0.01 < share < 0.1
    sound = draws.sound()
    assert np.isfinite(sound).all()
    assert 0 < np.abs(sound).max() <= 1


def test_most_spoken_words_are_left_out_and_other_files_are_no_sounds() -> None:
    spoken = [packaged.wanted(f"./usr/share/pack/apple_desc_{i}.ogg") for i in range(1000)]
    assert 0.02 < np.mean(spoken) < 0.1
    assert packaged.wanted("./usr/share/pack/Rain.WAV")
    assert not packaged.wanted("./usr/share/pack/rain.png")


def test_sounds_in_an_archive_are_found() -> None:
    inside = io.BytesIO()
    with zipfile.ZipFile(inside, "w") as archive:
        archive.writestr("sound/rain.ogg", b"drops")
        archive.writestr("sound/rain.txt", b"words")
    inside.seek(0)
    found = [(name, file.read()) for name, file in packaged._files("./data/public.zip", inside)]
    assert found == [("./data/public.zip/sound/rain.ogg", b"drops")]


def test_the_list_names_packages_by_version_and_licence() -> None:
    listed = packaged.packages()
    assert len({package.name for package in listed}) == len(listed)
    assert all(package.version and package.licence for package in listed)


def test_a_head_changes_nothing_under_it(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from training.recipes.trunk.student_net import embedded, named, untrained, with_trunk

    path = tmp_path / "trunk.pt"
    with pytest.raises(SystemExit, match=r"training\.recipes\.trunk"):
        with_trunk(path)
    torch.save(untrained().state_dict(), path)
    trunk, windows = (
        with_trunk(path),
        np.random.default_rng(0).standard_normal((3, 96, 64)).astype(np.float32),
    )
    layer = torch.nn.Linear(1024, 5)
    features = embedded(trunk, windows)
    with torch.no_grad():
        said = named(trunk, layer)(torch.from_numpy(windows)).numpy()
        assert said == pytest.approx(layer(torch.from_numpy(features)).numpy(), abs=1e-5)
    assert embedded(trunk, windows) == pytest.approx(features)


def test_a_head_learns_shares_and_may_count_all_labels_alike() -> None:
    heads = pytest.importorskip("training.fitting.heads")
    pytest.importorskip("sklearn")
    random = np.random.default_rng(0)
    truth = np.where(np.arange(900) % 10 == 0, 1, np.where(np.arange(900) % 3 == 0, 2, 0))
    features = random.standard_normal((900, 200)).astype(np.float32)
    features[:, :3] += 3 * np.eye(3, dtype=np.float32)[truth]
    wanted = np.eye(4, dtype=np.float32)[truth]
    said = {
        rare: heads.answers(heads.head(features, wanted, rare), features).argmax(axis=1)
        for rare in (0.0, 1.0)
    }
    assert (said[1.0] == truth).mean() > 0.8
    assert (said[1.0] == 1).sum() > (said[0.0] == 1).sum()
    assert not (said[1.0] == 3).any(), "nobody gave it an example"
