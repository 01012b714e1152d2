"""The plain loop: a data set that decodes a file and computes its features whenever an item is
asked for, a loader with a process for each core, Adam. As most published trainers of [001]'s kind
are written."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FRAMES, BANDS, RATE = 100, 64, 16_000


class Recordings:
    """Items are a window of log-mel frames and a label."""

    def __init__(self, files: Sequence[tuple[Path, int]]) -> None:
        import torchaudio

        self.files = list(files)
        self.mel = torchaudio.transforms.MelSpectrogram(RATE, 2048, hop_length=160, n_mels=BANDS)

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        import torch

        path, label = self.files[index]
        frames = torch.log(self.mel(_decoded(path)) + 1e-5)
        frames = (frames - frames.mean()) / (frames.std() + 1e-3)
        missing = max(FRAMES - frames.shape[1], 0)
        frames = torch.nn.functional.pad(frames, (0, missing))
        start = int(torch.randint(frames.shape[1] - FRAMES + 1, ()))
        return frames[:, start : start + FRAMES], label


def seconds_an_epoch(
    train: Sequence[tuple[Path, int]], val: Sequence[tuple[Path, int]], epochs: int, workers: int
) -> float:
    """Trains for some epochs with validation; the mean of their times."""
    import torch

    from training.fitting.nets import EmotionNet

    torch.manual_seed(0)
    torch.set_num_threads(1)
    net = EmotionNet(5)
    optimiser = torch.optim.Adam(net.parameters(), lr=0.001)
    options = {"batch_size": 32, "num_workers": workers, "persistent_workers": workers > 0}
    sides = [
        torch.utils.data.DataLoader(Recordings(files), shuffle=learns, **options)
        for files, learns in ((train, True), (val, False))
    ]
    began = time.monotonic()
    for _ in range(epochs):
        for loader, learns in zip(sides, (True, False), strict=True):
            net.train(learns)
            with torch.set_grad_enabled(learns):
                for inputs, labels in loader:
                    loss = torch.nn.functional.cross_entropy(net(inputs), labels)
                    if learns:
                        optimiser.zero_grad()
                        loss.backward()
                        optimiser.step()
    return (time.monotonic() - began) / epochs


def _decoded(path: Path) -> Any:
    """Mono samples at ``RATE``, shape (samples,)."""
    import av
    import numpy as np
    import torch
    import torchaudio

    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=stream.rate)
        frames = [f for frame in container.decode(stream) for f in resampler.resample(frame)]
        rate = stream.rate
    samples = torch.from_numpy(np.concatenate([f.to_ndarray()[0] for f in frames]))
    return torchaudio.functional.resample(samples, rate, RATE)
