"""emotion2vec, loaded through the catalog: the logits are FunASR's, rows do not depend on one
another, int8 gives the same labels."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Release
from earshot.models.checkpoints.location import locate
from earshot.models.emotion.opening import open_labelled
from earshot.models.emotion2vec.model import Emotion2vecModel
from earshot.settings import settings
from tests.sounds.synthetic import voice

pytestmark = pytest.mark.runtimes

NINE = ("angry", "disgusted", "fearful", "happy", "neutral", "other", "sad", "surprised", "unknown")
SOUNDS = [voice(3), voice(5.5, 180), voice(1.2, 90)]
FUNASR = (
    (-0.0047, 0.038, 0.4231, -0.0932, 0.1372, -0.0165, -0.2463, -0.4603, 0.1362),
    (-0.3709, 0.0245, 0.2237, 0.0464, 0.076, 0.1944, -0.3965, -0.1754, 0.1888),
    (0.2131, 0.0635, -0.2278, 0.1459, -0.3513, 0.1608, 0.4058, 0.1988, -0.2551),
)
"""Logits of ``funasr`` 1.4.16 for ``SOUNDS``, for machines without it."""


@pytest.fixture(scope="module")
def exact(releases: dict[str, Release]) -> Emotion2vecModel:
    found = open_labelled(
        releases["emotion2vec"], "cpu", settings().model_copy(update={"emotion_int8": False})
    )
    assert isinstance(found, Emotion2vecModel)
    return found


def funasr_logits(folder: Path) -> list[Any]:
    """Loaded and asked as FunASR does it: ``AutoModel.build_model`` and ``Emotion2vec.inference``,
    without their reading of files."""
    torch = pytest.importorskip("torch")
    reason = (
        "FunASR is not installed: pip install --no-deps funasr==1.4.16, and kaldiio librosa"
        " omegaconf"
    )
    theirs = pytest.importorskip(
        "funasr.models.emotion2vec.model", reason=reason, exc_type=ImportError
    )
    loading = pytest.importorskip(
        "funasr.train_utils.load_pretrained_model", reason=reason, exc_type=ImportError
    )
    import yaml

    conf = yaml.safe_load((folder / "config.yaml").read_text())
    model = theirs.Emotion2vec(model_conf=conf["model_conf"], vocab_size=9).eval()
    loading.load_pretrained_model(str(folder / "model.pt"), model, scope_map=["d2v_model.", "none"])
    found = []
    for samples in SOUNDS:
        sound = torch.from_numpy(samples)
        with torch.inference_mode():
            level = torch.nn.functional.layer_norm(sound, sound.shape)
            found.append(model.proj(model.extract_features(level[None])["x"].mean(1))[0])
    return found


def test_logits_are_those_of_funasr(exact: Emotion2vecModel, releases: dict[str, Release]) -> None:
    for samples, theirs in zip(
        SOUNDS, funasr_logits(locate(releases["emotion2vec"], settings())), strict=True
    ):
        assert exact.logits([samples])[0].tolist() == pytest.approx(theirs.tolist(), abs=1e-4)


def test_logits_are_those_that_funasr_gave(exact: Emotion2vecModel) -> None:
    for samples, theirs in zip(SOUNDS, FUNASR, strict=True):
        assert exact.logits([samples])[0].tolist() == pytest.approx(theirs, abs=1e-3)


def test_a_row_does_not_depend_on_its_neighbours(exact: Emotion2vecModel) -> None:
    for alone, together in zip(SOUNDS, exact.logits(SOUNDS), strict=True):
        assert together.tolist() == pytest.approx(exact.logits([alone])[0].tolist(), abs=1e-4)


def test_nine_labels_with_shares(exact: Emotion2vecModel) -> None:
    assert exact.labels == NINE
    found = exact.shares([*SOUNDS, np.zeros(0, np.float32), np.zeros(1, np.float32)])
    assert [shares.shape for shares in found] == [(9,)] * 5
    assert [float(shares.sum()) for shares in found] == pytest.approx([1] * 5, abs=1e-5)
    assert len({int(shares.argmax()) for shares in found}) > 1  # the checkpoint is not deaf
    assert exact.shares([]) == []


def test_int8_says_the_same_where_a_label_leads(
    exact: Emotion2vecModel, releases: dict[str, Release]
) -> None:
    """Random weights hardly tell one voice from another, so most labels are a toss-up; a few are
    not."""
    quick = open_labelled(releases["emotion2vec"], "cpu", settings())
    sounds = [voice(seconds, pitch) for seconds in (1.0, 2.0, 3.5) for pitch in (85, 120, 160, 210)]
    pairs = list(zip(exact.shares(sounds), quick.shares(sounds), strict=True))
    assert max(np.abs(one - other).max() for one, other in pairs) < 0.05
    clear = [(one, other) for one, other in pairs if np.diff(np.sort(one)[-2:])[0] > 0.05]
    assert len(clear) > 1
    assert all(one.argmax() == other.argmax() for one, other in clear)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("pickle", "not a file of tensors alone"),
        ("no_head", "gives features and no emotions"),
        ("other_width", "does not fit its config.yaml"),
        ("no_tokens", "and with it the labels of the outputs"),
        ("layer_norm_first", "has layer_norm_first: True"),
    ],
)
def test_what_is_not_as_it_was_released_is_refused(
    releases: dict[str, Release], tmp_path: Path, change: str, says: str
) -> None:
    import shutil

    import torch
    import yaml

    shutil.copytree(locate(releases["emotion2vec"], settings()), tmp_path / "changed")
    folder = tmp_path / "changed"
    saved = torch.load(folder / "model.pt", weights_only=True)
    conf = yaml.safe_load((folder / "config.yaml").read_text())
    if change == "pickle":
        torch.save(
            {"model": saved["model"], "cfg": Path("what a pickle may hold")}, folder / "model.pt"
        )
    elif change == "no_head":
        state = {
            name: tensor for name, tensor in saved["model"].items() if not name.startswith("proj")
        }
        torch.save({"model": state}, folder / "model.pt")
    elif change == "no_tokens":
        (folder / "tokens.txt").unlink()
    else:
        conf["model_conf"] |= (
            {"embed_dim": 96} if change == "other_width" else {"layer_norm_first": True}
        )
        (folder / "config.yaml").write_text(yaml.safe_dump(conf))
    with pytest.raises(Misconfigured, match=says) as caught:
        Emotion2vecModel(folder, "cpu")
    assert "\n" not in str(caught.value)


def test_labels_in_another_order_are_refused(releases: dict[str, Release]) -> None:
    release = releases["emotion2vec"].model_copy(update={"labels": tuple(reversed(NINE))})
    with pytest.raises(Misconfigured, match="the checkpoint's labels are"):
        open_labelled(release, "cpu", settings().model_copy(update={"emotion_int8": False}))
