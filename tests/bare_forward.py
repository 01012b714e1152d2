"""The floor that pools are held against: one process, one loop, nothing but forward passes.

``python -m tests.bare_forward JSON`` prints the seconds of one pass over the rows of one job.
Features are made and on the device before the clock starts, nothing is read back, and the device is
waited for once, behind the last pass.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from earshot.analysis.types import ChunkRef
from earshot.analysis.words.stretches import stretches
from earshot.audio.clip import Clip
from earshot.settings import PROJECT

RATE = 16_000
WINDOWS = 32
"""Of ten seconds, in one pass of diarization's networks."""


def seconds_a_pass(
    runtime: str, folder: Path, device: str, refs: Sequence[ChunkRef], passes: int
) -> float:
    """Of the network that lies in ``folder`` over what ``refs`` hold, in a process of its own."""
    asked = {
        "runtime": runtime,
        "folder": str(folder),
        "device": device,
        "refs": [each.model_dump(mode="json") for each in refs],
        "passes": passes,
    }
    argv = [sys.executable, "-W", "ignore", "-m", "tests.bare_forward"]
    done = subprocess.run(
        argv, input=json.dumps(asked), check=True, stdout=subprocess.PIPE, text=True, cwd=PROJECT
    )
    return float(done.stdout.splitlines()[-1])


def main() -> None:
    import torch

    asked = json.load(sys.stdin)
    device = asked["device"]
    clips = [Clip(ChunkRef.model_validate(each)) for each in asked["refs"]]
    forward = FORWARD[asked["runtime"]](Path(asked["folder"]), device, clips)

    def loop(passes: int) -> float:
        began = time.perf_counter()
        with torch.inference_mode():
            for _ in range(passes):
                forward()
        if device == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - began

    if device == "cpu":
        torch.set_num_threads(1)
    loop(2)
    print(loop(asked["passes"]) / asked["passes"])


def _rows(clips: Sequence[Clip], join_gap_ms: int) -> list[Any]:
    """The stretches of a recogniser; with no gap to join, utterances."""
    spans = [
        (clip, span)
        for clip in clips
        for span in (stretches(clip.ref, join_gap_ms, 30_000) if join_gap_ms else clip.ref.speech)
    ]
    return [clip.read(span.start_ms, span.end_ms, span.channel)[0] for clip, span in spans]


def _ctc(folder: Path, device: str, clips: Sequence[Clip]) -> Callable[[], object]:
    from transformers import AutoModelForCTC, AutoProcessor

    from earshot.models.asr.transformers_ctc import TransformersCtc

    model = AutoModelForCTC.from_pretrained(folder).to(device).eval()
    rows = _rows(clips, TransformersCtc.join_gap_ms)
    processor = AutoProcessor.from_pretrained(folder)
    inputs = processor(audio=rows, sampling_rate=RATE, padding=True, return_tensors="pt").to(device)
    return _mixed(device, lambda: model(**inputs))


def _mixed(device: str, forward: Callable[[], object]) -> Callable[[], object]:
    """In the precision that the runtime has on a GPU."""
    import torch

    def mixed() -> object:
        with torch.autocast(device, torch.float16, enabled=device == "cuda"):
            return forward()

    return mixed


def _whisper(folder: Path, device: str, clips: Sequence[Clip]) -> Callable[[], object]:
    import torch
    from transformers import AutoProcessor, WhisperForConditionalGeneration

    from earshot.models.whisper.transformers_whisper import WINDOW_MS

    precision = torch.float16 if device == "cuda" else torch.float32
    model = (
        WhisperForConditionalGeneration.from_pretrained(folder, dtype=precision).to(device).eval()
    )
    extract = AutoProcessor.from_pretrained(folder).feature_extractor
    inputs = extract(_rows(clips, WINDOW_MS), sampling_rate=RATE, return_tensors="pt")
    features = inputs.input_features.to(device, precision)
    return lambda: model.generate(
        features, language="en", task="transcribe", return_timestamps=False
    )


def _emotion2vec(folder: Path, device: str, clips: Sequence[Clip]) -> Callable[[], object]:
    import torch

    from earshot.compute.padded_rows import padded
    from earshot.models.emotion2vec.model import SPREAD, Emotion2vecModel

    network, rows = Emotion2vecModel(folder, device, int8=False).network, _rows(clips, 0)
    lengths, sound = (
        torch.tensor([len(row) for row in rows], device=device),
        padded(rows, device, SPREAD),
    )
    return _mixed(device, lambda: network(sound, lengths))


def _pyannote(folder: Path, device: str, clips: Sequence[Clip]) -> Callable[[], object]:
    """Both networks over windows a second apart, as the pipeline has them; three voices in each."""
    import torch

    from earshot.models.pyannote.diarizer import PyannoteDiarizer

    pipeline = PyannoteDiarizer(folder, device).pipeline
    (clip,) = clips
    samples = torch.from_numpy(clip.read()).to(device)
    samples = torch.nn.functional.pad(samples, (0, max(0, 10 * RATE - samples.shape[1])))
    windows = samples.unfold(-1, 10 * RATE, RATE).transpose(0, 1).split(WINDOWS)
    segment, embed = pipeline._segmentation.model, pipeline._embedding.model_
    voices = torch.ones(WINDOWS, 3, segment(windows[0]).shape[1], device=device)

    def forward() -> None:
        for part in windows:
            segment(part)
            embed(part, weights=voices[: len(part)])

    return forward


FORWARD = {
    "transformers-ctc": _ctc,
    "transformers-whisper": _whisper,
    "emotion2vec": _emotion2vec,
    "pyannote": _pyannote,
}

if __name__ == "__main__":
    main()
