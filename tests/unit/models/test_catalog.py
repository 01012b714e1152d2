"""The catalog, its files, and the messages about invalid ones."""

import hashlib
import re
from pathlib import Path

import pytest

from earshot.analysis.errors import Misconfigured
from earshot.analysis.noise_labels import CLASSIFIED, NOISE_CATEGORIES
from earshot.analysis.types import Release
from earshot.models.checkpoints.addresses import COMMIT, digest_of
from earshot.models.checkpoints.catalog import CATALOG, Checkpoint, load
from earshot.models.checkpoints.defaults import default_release, default_releases
from earshot.models.checkpoints.location import MODELS, beside, locate
from earshot.models.checkpoints.state import standing
from earshot.models.onnx_model import open_model
from earshot.settings import settings

EMBEDDED = [entry for entry in load() if entry.uri.startswith("embedded/")]


@pytest.mark.parametrize("entry", EMBEDDED, ids=lambda entry: entry.name)
def test_embedded_checkpoints_are_whole_small_and_have_a_card(entry: Checkpoint) -> None:
    path = locate(entry.release(), settings())
    assert path.stat().st_size < 3_000_000
    card = (MODELS / entry.card).read_text()
    for heading in ("## Data and licence", "## Measured quality", "## What it cannot do"):
        assert heading in card
    assert entry.licence.split(",")[0] in card


@pytest.mark.parametrize("entry", EMBEDDED, ids=lambda entry: entry.name)
def test_publishing_finds_the_lines_that_it_changes(entry: Checkpoint) -> None:
    lines = rf'uri = "{re.escape(entry.uri)}"\nsha256 = "[0-9a-f]{{64}}"\nlabels = \[.*\]\n'
    assert len(re.findall(lines, CATALOG.read_text())) == 1


def test_every_embedded_file_is_in_the_catalog() -> None:
    listed = {entry.uri for entry in EMBEDDED}
    listed |= {f"embedded/{file}" for entry in load() for file in entry.beside}
    files = (MODELS / "embedded").iterdir()
    assert listed == {f"embedded/{path.name}" for path in files if path.suffix != ".md"}


def test_a_file_beside_a_checkpoint_is_verified() -> None:
    assert beside("voices.onnx") == MODELS / "embedded/voices.onnx"
    altered = Release(
        analysis="", name="voices.onnx", runtime="", uri="embedded/voices.onnx", sha256="0" * 64
    )
    with pytest.raises(Misconfigured, match="has sha256"):
        locate(altered, settings())


def test_another_head_over_the_same_package_is_another_release() -> None:
    entry = next(entry for entry in load() if entry.name == "emotion-whisper-1")
    retrained = entry.model_copy(update={"beside": dict.fromkeys(entry.beside, "0" * 64)})
    assert retrained.release().sha256 != entry.release().sha256
    with pytest.raises(Misconfigured, match="is not the one that the release means"):
        locate(retrained.release(), settings())


@pytest.mark.parametrize(
    "entry", [each for each in load() if each.beside and each.at_hand], ids=lambda each: each.name
)
def test_verifying_reads_the_files_beside_a_checkpoint(entry: Checkpoint, tmp_path: Path) -> None:
    assert standing(entry, tmp_path, thorough=True).wrong == ()
    for file in entry.beside:
        other = entry.model_copy(update={"beside": {**entry.beside, file: "0" * 64}})
        found = standing(other, tmp_path, thorough=True)
        assert found.state == "altered"
        assert [each.split(" has ")[0] for each in found.wrong] == [f"{MODELS}/embedded/{file}"]


def test_the_first_entry_of_an_analysis_that_is_at_hand_is_its_default() -> None:
    first = {entry.analysis: entry.name for entry in reversed(load()) if not entry.fetched}
    assert {analysis: release.name for analysis, release in default_releases().items()} == first


def test_an_analysis_without_a_checkpoint_has_a_release_of_its_code() -> None:
    release = default_release("loudness")
    assert (release.analysis, release.name, release.runtime) == (
        "loudness", "loudness-code", "code",
    )  # fmt: skip
    assert (release.uri, release.sha256, release.labels) == ("", "", ())


def test_what_is_fetched_cannot_change_under_its_name() -> None:
    """A hub's revision is a commit, but for those that the first pull resolves; single files have a
    sha256."""
    open_ones = {
        entry.name
        for entry in load()
        if entry.kind == "hf" and not COMMIT.fullmatch(entry.repository[1])
    }
    assert open_ones == {"emotion2vec-plus-seed-1", "wav2vec2-superb-er-1", "wav2vec2-msp-dim-1"}
    assert all(entry.pinned for entry in load() if entry.kind == "https")
    assert {entry.name for entry in load() if not entry.commercial and entry.fetched} == {
        "emotion2vec-plus-seed-1",
        "wav2vec2-superb-er-1",
        "wav2vec2-msp-dim-1",
    }
    assert {entry.name for entry in load() if entry.gated} == {"pyannote-community-1"}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('uri = "ftp://host/x.onnx"', "uri 'ftp://host/x.onnx': there are"),
        ('uri = "https://host/x.onnx"', "its entry needs a sha256"),
        (f'uri = "hf:org/x"\nsha256 = "{"0" * 64}"', "say which in digests"),
        ('uri = "hf:org/x"\ndigests = { "../x" = "' + "0" * 64 + '" }', "no path below a folder"),
        ('uri = "hf:org/x"\nsha256 = "not hex"', "sha256"),
        ('uri = "catalog:x"\nfiles = ["*"]', "are those of x"),
        ('uri = "pypi:x==1"', "write pypi:name==version@sha256"),
        (f'uri = "pypi:x==1@{"0" * 64}"', "say which are meant in digests"),
        (
            'uri = "embedded/x.onnx"\nsources = [{ uri = "hf:org/x", digests = { a = "'
            + "0" * 64
            + '" } }]',
            "sources are further addresses of files that are fetched",
        ),
    ],
)
def test_an_entry_that_could_not_be_trusted_is_refused(
    tmp_path: Path, line: str, says: str
) -> None:
    path = tmp_path / "catalog.toml"
    rest = (
        'name = "x"\nanalysis = "asr"\nruntime = "r"\nsample_rate = 16000\nlicence ='
        ' "MIT"\ncommercial = true\n'
    )
    path.write_text(f"[[checkpoint]]\n{rest}{line}\n")
    with pytest.raises(Misconfigured, match=says):
        load(path)


def test_the_digest_of_several_files_is_that_of_their_list() -> None:
    """As `sha256sum b a | sort -k 2 | sha256sum` prints it."""
    listed = f"{'1' * 64}  a\n{'0' * 64}  b\n".encode()
    assert digest_of({"b": "0" * 64, "a": "1" * 64}) == hashlib.sha256(listed).hexdigest()
    assert digest_of({"a": "1" * 64}) == "1" * 64
    assert digest_of({}) == ""


def test_noise_categories_are_59_and_the_head_is_58() -> None:
    assert len(NOISE_CATEGORIES) == len(set(NOISE_CATEGORIES)) == 59
    assert NOISE_CATEGORIES[:58] == CLASSIFIED
    assert NOISE_CATEGORIES[-1] == "fire_alarm"
    assert set(default_releases()["noise"].labels) < set(CLASSIFIED)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"uri": "embedded/none.onnx"}, "is missing"),
        ({"sha256": "0" * 64}, "has sha256"),
        (
            {"labels": ("neutral", "happy", "sad", "angry", "surprised")},
            "the checkpoint's labels are",
        ),
    ],
)
def test_a_wrong_release_is_refused_by_name(change: dict[str, object], message: str) -> None:
    entry = next(entry for entry in load() if entry.name == "emotion-embedded-2")
    release = entry.release().model_copy(update=change)
    with pytest.raises(Misconfigured, match=message) as caught:
        open_model(release, settings())
    assert "\n" not in str(caught.value)
    assert release.name in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["[[checkpoint]]\nname = 3", "x = [", "[[checkpoint]]\nname = 'a'\n", "title = 'no entries'"],
)
def test_a_broken_catalog_is_one_clear_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "catalog.toml"
    path.write_text(text)
    with pytest.raises(Misconfigured, match=r"catalog\.toml cannot be read") as caught:
        load(path)
    assert "\n" not in str(caught.value)


def test_a_name_may_be_used_once(tmp_path: Path) -> None:
    path = tmp_path / "catalog.toml"
    path.write_text(CATALOG.read_text() * 2)
    with pytest.raises(Misconfigured, match="twice"):
        load(path)
