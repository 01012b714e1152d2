"""Stretches of stored audio are erased in place, sample by sample, at every rate."""

from pathlib import Path
from uuid import UUID

import numpy as np

from earshot.analysis.types import Utterance
from earshot.audio.store import peaks
from earshot.audio.store.layout import pcm_uri, recording_url
from earshot.audio.store.silence import silence

ID = UUID(int=3)
STRETCH = Utterance(channel=1, start_ms=333, end_ms=777)


def test_only_the_stretch_is_zero_at_every_rate(tmp_path: Path) -> None:
    store = f"file://{tmp_path}"
    Path(recording_url(store, ID).removeprefix("file://")).mkdir(parents=True)
    stored = {}
    for rate in (16_000, 32_000):
        path = Path(pcm_uri(store, ID, rate).removeprefix("file://"))
        stored[path] = np.random.default_rng(rate).integers(1, 999, (rate, 2), np.int16), rate
        path.write_bytes(stored[path][0].tobytes())
    beyond = Utterance(channel=0, start_ms=990, end_ms=5000)
    for _ in range(2):
        silence(store, ID, 2, [STRETCH, beyond])
        for path, (before, rate) in stored.items():
            after = np.frombuffer(path.read_bytes(), "<i2").reshape(-1, 2)
            expected = before.copy()
            expected[333 * rate // 1000 : 777 * rate // 1000, 1] = 0
            expected[990 * rate // 1000 :, 0] = 0
            assert np.array_equal(after, expected)
    scale = peaks.scale(store, ID, 2)
    drawn = peaks.get(store, ID, 2, scale, 0, scale.pixels).pairs
    assert not drawn[17:38, 1].any()
    assert drawn[:16, 1].any()
