"""What [004]'s README writes runs as it is written, under its own names, with the package of
``compat/`` on the path."""

import os
import re
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import soundfile
from setuptools import find_packages

from earshot.settings import PROJECT

pytestmark = pytest.mark.ml

SPEC = PROJECT.parent / "shared" / "specs"
TRAINS = find_spec("torch") is not None and find_spec("transformers") is not None
SOUND = (
    "import numpy as np; audio = (0.1 *"
    " np.random.default_rng(0).standard_normal(48_000)).astype('float32')"
)
BASE64 = (
    f"{SOUND}; import base64; base64_encoded_audio = audio_base64 ="
    " base64.b64encode(audio.tobytes()).decode()"
)
MODEL = """
from src.ml.config import ModelConfig
from src.ml.pipelines.noise_classifier import NoiseClassifierService
tiny = NoiseClassifierService(model=ModelConfig(architecture="efficientnet_tiny", pretrained=False))
for name in ("models/noise_classifier_v2.pth", "model.pth"):
    tiny.save(name)
"""
PRELUDE = {
    0: MODEL,
    1: "val_files, val_labels = ['audio1.wav', 'audio2.wav'], [0, 1]",
    2: f"{MODEL}\nclassifier = tiny",
    6: "from typing import Dict, List, Tuple",
    7: "from typing import List",
    8: BASE64,
    12: f"{MODEL}\n{SOUND}",
    13: f"{MODEL}\n{SOUND}",
    14: f"{SOUND}\nfrom src.ml.config import AudioFeatureConfig",
    15: SOUND,
    16: BASE64,
    17: "from src.ml.pipelines.noise_classifier import NoiseClassifierTrainer",
}
"""What stands outside of each piece: the sound, the files and the model that its reader has."""
NEEDS_TORCH = {0, 1, 2, 12, 13, 14, 15, 17}
SERVED = {9, 10}
"""What needs a running worker, or AWS: of these the imports alone."""


def pieces() -> list[str]:
    files = list(SPEC.glob("004_*.txt"))
    if not files and os.environ.get("CI") != "true":
        return []
    [file] = files
    return re.findall(
        r"^```python\n(.*?)^```", file.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )


PIECES = pieces()


@pytest.fixture(autouse=True)
def _written() -> None:
    if not PIECES:
        pytest.skip("../shared is not there")


def run(code: str, folder: Path, **env: str) -> "subprocess.CompletedProcess[str]":
    """As a program of its own, beside two sounds."""
    for seed in (1, 2):
        sound = 0.1 * np.random.default_rng(seed).standard_normal(48_000)
        soundfile.write(folder / f"audio{seed}.wav", sound, 48_000)
    free = {key: value for key, value in os.environ.items() if not key.endswith("_NUM_THREADS")}
    path = os.pathsep.join((str(PROJECT), str(PROJECT / "compat")))
    argv = [sys.executable, "-c", code]
    return subprocess.run(
        argv,
        cwd=folder,
        env={**free, "PYTHONPATH": path, **env},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def lines_about_imports(text: str) -> list[str]:
    return [
        line.strip()
        for line in text.splitlines()
        if re.match(r"\s*from (src|backend)\b.* import ", line)
    ]


@pytest.mark.parametrize("number", range(18))
def test_it_runs_as_it_is_written(number: int, tmp_path: Path) -> None:
    assert len(PIECES) == 18
    if number in NEEDS_TORCH and not TRAINS:
        pytest.skip("the train extra is not installed")
    piece = PIECES[number].replace(", ...]", "]")  # where more of the same may stand
    if number == 1:
        piece = piece.replace("num_epochs=50", "num_epochs=1")  # two sounds have no more to say
    code = (
        "\n".join(lines_about_imports(piece))
        if number in SERVED
        else f"{PRELUDE.get(number, '')}\n{piece}"
    )
    done = run(code, tmp_path)
    assert done.returncode == 0, done.stderr
    if number == 1:
        assert (tmp_path / "checkpoints" / "best_model.pth").is_file()
    if number == 8:
        assert "Model version: " in done.stdout


def test_every_name_is_there_without_torch_and_says_that_it_will_go(tmp_path: Path) -> None:
    imports = lines_about_imports("\n".join(PIECES))
    assert len(imports) == 17
    code = "import sys; sys.modules['torch'] = None\n" + "\n".join(imports)
    done = run(
        f"import warnings; warnings.simplefilter('always', DeprecationWarning)\n{code}", tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("DeprecationWarning: src will go away; import from earshot.noise") == 1
    assert (
        done.stderr.count("DeprecationWarning: backend will go away; import from earshot.noise")
        == 1
    )


def test_what_is_patched_under_the_old_name_is_what_is_used(tmp_path: Path) -> None:
    code = (
        "from unittest.mock import patch\nwith patch('src.ml.features.torch_extractor._torch') as"
        " torch:\n    from earshot.noise import torch_extractor\n    assert torch_extractor._torch"
        " is torch"
    )
    assert run(code, tmp_path).returncode == 0


@pytest.mark.parametrize("code", [
    "NoiseClassifierService().classify(audio)",
    "NoiseClassifierService(model_path='audio1.pth').classify(audio)",
    "import earshot.noise; earshot.noise.CustomNoiseClassifier(200, 5)",
    "import src.ml.models.efficientnet_audio",
])  # fmt: skip
def test_without_torch_it_says_what_to_install_and_what_answers_without(
    code: str, tmp_path: Path
) -> None:
    (tmp_path / "audio1.pth").touch()
    service = "from src.ml.pipelines.noise_classifier import NoiseClassifierService"
    done = run(f"import sys; sys.modules['torch'] = None\n{SOUND}\n{service}\n{code}", tmp_path)
    assert (
        done.stderr.rstrip()
        .splitlines()[-1]
        .startswith("earshot.analysis.errors.Misconfigured: this needs torch, which is not")
    )
    assert "pip install -r requirements/train.txt" in done.stderr
    assert "MLService() answers with the embedded model" in done.stderr


def test_training_in_the_background_says_what_is_wrong_with_its_folder(tmp_path: Path) -> None:
    done = run(
        "from src.api.tasks import train_noise_classifier; train_noise_classifier('nowhere')",
        tmp_path,
    )
    assert "nowhere/train has neither labels.csv nor a folder of sound files" in done.stderr


def test_no_wheel_of_the_project_holds_names_that_others_have() -> None:
    told = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "setuptools"
    ]["packages"]["find"]
    found = {
        name.partition(".")[0] for name in find_packages(str(PROJECT), include=told["include"])
    }
    assert "earshot" in found
    assert not found & {"src", "backend", "compat"}


CLASSIFIED = """
import time, numpy as np
from earshot.noise import MLService
service = MLService().classifier
audio = (0.1 * np.random.default_rng(0).standard_normal(48_000)).astype("float32")
service.classify(audio)
def spent():
    before = time.process_time()
    for _ in range(10):
        service.classify(audio)
    return (time.process_time() - before) / 10
print(1000 * min(spent() for _ in range(5)))
"""


def test_a_second_of_sound_takes_25_ms_of_cpu_and_no_thread_waits_busily(tmp_path: Path) -> None:
    free, alone = (
        float(run(CLASSIFIED, tmp_path, **env).stdout)
        for env in ({}, {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})
    )
    assert free <= 25
    assert free <= 2.5 * alone
