"""What transformers, peft and mistral-common themselves make of the small Voxtral and of its
adapter."""

from typing import Any

import numpy as np
import pytest

from earshot.analysis.types import Release
from earshot.compute.sound import SAMPLE_RATE, Samples
from earshot.models.asr.recogniser import Recognition
from earshot.models.checkpoints.location import locate, locate_parts
from earshot.settings import settings
from tests.sounds.synthetic import voice

SOUNDS = [voice(6), voice(9.5, 180), voice(2.2, 90)]
LANGUAGES = ["en", "und", "fr"]


def text(recognition: Recognition) -> str:
    return " ".join(word.text for word in recognition.words)


def upstream(releases: dict[str, Release], name: str) -> Any:
    """The network as transformers and peft open it, nothing merged."""
    from peft import PeftModel
    from transformers import VoxtralForConditionalGeneration

    *base, own = locate_parts(releases[name], settings()).paths
    model = VoxtralForConditionalGeneration.from_pretrained(base[0] if base else own).eval()
    return PeftModel.from_pretrained(model, own).eval() if base else model


def processor(releases: dict[str, Release]) -> Any:
    """Upstream's own, where mistral-common is installed (docs/asr.md); its tokens are held to here
    in any case."""
    pytest.importorskip("mistral_common", reason="upstream's processor needs it: docs/asr.md")
    from transformers import VoxtralProcessor

    return VoxtralProcessor.from_pretrained(locate(releases["voxtral"], settings()))


def inputs_of(releases: dict[str, Release], samples: Samples, prompt: list[int]) -> dict[str, Any]:
    """What transformers takes for a prompt with places for the sound."""
    import torch
    from transformers import WhisperFeatureExtractor

    extractor = WhisperFeatureExtractor.from_pretrained(locate(releases["voxtral"], settings()))
    windows = -(-len(samples) // 480_000)
    features = extractor(
        samples,
        sampling_rate=SAMPLE_RATE,
        padding="max_length",
        max_length=windows * 480_000,
        return_tensors="pt",
    )
    split = torch.stack(features.input_features[0].chunk(windows, dim=-1))
    return {"input_ids": torch.tensor([prompt]), "input_features": split}


def through_pcm(samples: Samples) -> Samples:
    """As upstream's processor hears it, which writes a WAV file of 16 bits first."""
    soundfile = pytest.importorskip("soundfile")
    import io

    buffer = io.BytesIO()
    soundfile.write(buffer, samples, SAMPLE_RATE, format="WAV")
    buffer.seek(0)
    return np.asarray(soundfile.read(buffer, dtype="float32")[0], dtype=np.float32)


def chat(theirs: Any, samples: Samples, said: str) -> Any:
    import base64
    import io

    soundfile = pytest.importorskip("soundfile")
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, SAMPLE_RATE, format="WAV")
    encoded = base64.b64encode(buffer.getvalue()).decode()
    content = [{"type": "audio", "base64": encoded}, {"type": "text", "text": said}]
    return theirs.apply_chat_template([{"role": "user", "content": content}])
