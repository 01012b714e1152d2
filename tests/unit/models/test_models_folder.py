"""A checkpoint of several files, as the hub lays out those of transformers: saved, pulled, and
loaded without a network."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from earshot.models.checkpoints.addresses import digest_of
from earshot.settings import PROJECT
from tests import hub as hubs
from tests.unit.cli.test_errors import earshot
from tests.unit.models.test_pull import sha

pytest.importorskip(
    "transformers", reason="transformers is not installed: it belongs to the full models"
)

CATALOG = """
[[checkpoint]]
name = "tiny-whisper-1"
analysis = "asr"
runtime = "whisper"
uri = "hf:org/tiny-whisper"
sample_rate = 16000
licence = "MIT"
commercial = true
files = ["*.json", "*.safetensors"]
"""
SAVE = """
import sys, torch
from transformers import WhisperConfig, WhisperForConditionalGeneration
torch.manual_seed(7)
sizes = dict(d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
             decoder_attention_heads=2,
             encoder_ffn_dim=32, decoder_ffn_dim=32, vocab_size=64, num_mel_bins=8,
             max_source_positions=20,
             max_target_positions=20, pad_token_id=0, bos_token_id=1, eos_token_id=2,
             decoder_start_token_id=3)
WhisperForConditionalGeneration(WhisperConfig(**sizes)).save_pretrained(sys.argv[1])
"""
LOAD = """
import socket
def refuse(*_): raise OSError("the network was asked")
socket.socket.connect = socket.getaddrinfo = refuse
from earshot.models.checkpoints.catalog import known
from earshot.models.checkpoints.location import locate
from earshot.settings import settings
(entry,) = [each for each in known(settings().models_catalog) if each.name == "tiny-whisper-1"]
from transformers import WhisperForConditionalGeneration
folder = locate(entry.release(), settings())
loaded = WhisperForConditionalGeneration.from_pretrained(folder).state_dict()
from safetensors.torch import load_file
import sys
saved = load_file(sys.argv[1])
assert all(bool((loaded[name] == weights).all()) for name, weights in saved.items())
print(len(saved))
"""


def python(home: Path, code: str, argument: Path) -> "subprocess.CompletedProcess[str]":
    named = {
        "EARSHOT_HOME": str(home),
        "EARSHOT_MODELS_CATALOG": str(home / "own.toml"),
        "OMP_NUM_THREADS": "1",
    }
    env = {**os.environ, "PYTHONPATH": str(PROJECT), **named}
    command = [sys.executable, "-c", code, str(argument)]
    return subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=120, check=False
    )


def test_a_folder_is_pulled_and_loads_as_it_was_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own.toml").write_text(CATALOG)
    source = tmp_path / "saved"
    assert python(tmp_path, SAVE, source).returncode == 0
    files = {path.name: path.read_bytes() for path in source.iterdir()}
    assert {"config.json", "model.safetensors"} <= files.keys()
    with hubs.running() as hub:
        hub.repositories["org/tiny-whisper"] = {"c" * 40: files}
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        done = earshot(
            tmp_path, "models", "pull", "tiny-whisper-1", models_catalog=str(tmp_path / "own.toml")
        )
    assert done.returncode == 0, done.stderr
    lock = json.loads((tmp_path / "models" / "models.lock").read_text())["checkpoints"][
        "tiny-whisper-1"
    ]
    assert lock["revision"] == "c" * 40
    assert digest_of({path: file["sha256"] for path, file in lock["files"].items()}) == digest_of(
        {path: sha(content) for path, content in files.items()}
    )
    loaded = python(tmp_path, LOAD, source / "model.safetensors")
    assert loaded.returncode == 0, loaded.stderr
    assert int(loaded.stdout) > 20
