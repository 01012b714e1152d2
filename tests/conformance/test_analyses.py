"""Every registered analysis on sound that callers really send: silence, hiss, a blink, stereo,
clipping, a DC offset, 8 kHz.

NaN and infinity never get this far: ingest refuses them (``not_finite``), see
``test_sound_that_is_no_number_is_refused``."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
import soundfile

from earshot.analysis.errors import BadAudio
from earshot.analysis.findings import UNCLEAR, Classification, Findings
from earshot.analysis.outcome import LANGUAGE_UNSUPPORTED, NO_SPEECH, Failed, Skipped
from earshot.analysis.pii.kinds import KINDS
from earshot.analysis.report.sections import SpokenWord, Transcript, Turn
from earshot.analysis.types import SCOPES, ChunkRef
from earshot.audio.clip import Clip
from earshot.audio.prepare import prepare
from earshot.audio.store import transcripts
from earshot.compute import cache
from earshot.models.checkpoints.defaults import default_release
from earshot.registry import Card, cards
from tests.chunks import RATE, RECORDING, chunk, length_ms, stored
from tests.sounds import synthetic
from tests.sounds.synthetic import NARROW_RATE, narrow, white_noise
from workers.modules import module

ROLES = ("agent", "customer", "supervisor", *(f"guest{i}" for i in range(5)))
START_MS = 60_000
"""The chunk lies a minute into its recording, so that a module that forgets the time line is
caught."""


def hiss(seconds: float, channels: int = 1, level: float = 0.1) -> np.ndarray:
    return np.stack([white_noise(seconds, level, seed=7 + each) for each in range(channels)])


def voice(seconds: float) -> np.ndarray:
    return synthetic.voice(seconds)[None]


SOUNDS: dict[str, Callable[[], np.ndarray]] = {
    "silence": lambda: np.zeros((1, 5 * RATE)),
    "hiss": lambda: hiss(5),
    "voice": lambda: voice(6),
    "blink": lambda: hiss(0.1),
    "one_sample": lambda: hiss(1 / RATE),
    "stereo": lambda: np.concatenate([voice(4), hiss(4)]),
    "eight_channels": lambda: hiss(1, channels=8),
    "clipped": lambda: 40 * voice(4),
    "dc_shift": lambda: 0.7 + voice(4),
    "full_scale": lambda: np.ones((1, 2 * RATE)),
    "eight_kilohertz": lambda: narrow(voice(4)),
    "opposite_phase": lambda: np.concatenate([voice(4), -voice(4)]),
}


def clip(
    samples: np.ndarray,
    folder: Path,
    scope: str = "chunk",
    *,
    speech: bool = True,
    native: int = RATE,
) -> Clip:
    """Writes PCM16, for a chunk with a minute of silence before it, and a transcript for that
    scope; one utterance and role per channel."""
    channels, before = len(samples), START_MS if scope == "chunk" else 0
    silence = np.zeros((channels, before * RATE // 1000))
    path = stored(folder / "chunk.pcm", np.concatenate([silence, samples], axis=1))
    end = before + length_ms(samples)
    return Clip(
        chunk(
            end,
            *((channel, before, end) for channel in range(channels if speech else 0)),
            index=SCOPES.get(scope, 2),
            start_ms=before,
            audio_uri=path,
            transcript_uri=written(folder, end) if scope == "transcript" else None,
            channels=channels,
            native_rate=native,
            roles=ROLES[:channels] if channels > 1 else (),
            redact=KINDS if scope == "transcript" else None,
        )
    )


def written(folder: Path, end_ms: int) -> str:
    """The URL of a transcript of one turn."""
    word = SpokenWord(text="hello", start_ms=0, end_ms=end_ms, confidence=0.9, timing="native")
    turn = Turn(
        id="t0", speaker="s0", role=None, text="hello", transcribed=True, words=(word,),
        confidence=0.9, emotion=None, sentiment=None, channel=0, start_ms=0, end_ms=end_ms,
    )  # fmt: skip
    return transcripts.put(
        f"file://{folder}", RECORDING, 1, Transcript(language="en", turns=(turn,))
    )


@pytest.fixture(params=cards(), ids=lambda card: card.name)
def card(request: pytest.FixtureRequest) -> Card:
    return request.param


def run(name: str, *clips: Clip) -> list[Findings | Skipped | Failed]:
    analysis = module(name)
    return analysis.analyze(cache.get(analysis.load, default_release(name), "cpu"), clips)


@pytest.mark.parametrize("sound", SOUNDS)
def test_any_sound_has_a_valid_answer(card: Card, sound: str, tmp_path: Path) -> None:
    native = NARROW_RATE if sound == "eight_kilohertz" else RATE
    sent = clip(SOUNDS[sound](), tmp_path, card.scope, native=native)
    (answer,) = run(card.name, sent)
    if is_no_english(card, answer):
        return
    assert isinstance(answer, module(card.name).FINDINGS | Skipped)
    document = json.loads(answer.model_dump_json())
    if isinstance(answer, Findings):
        assert module(card.name).FINDINGS.model_validate(document) == answer
        check_scores(document)
        check_times(document, sent.ref)
        published = answer.classification()
        if published is not None:
            check_scores(published.model_dump(mode="json"))
            assert is_consistent(published)


@pytest.mark.parametrize("sound", ["voice", "stereo", "eight_kilohertz", "clipped", "dc_shift"])
def test_speech_has_findings(card: Card, sound: str, tmp_path: Path) -> None:
    (answer,) = run(card.name, clip(SOUNDS[sound](), tmp_path, card.scope))
    assert is_no_english(card, answer) or isinstance(answer, module(card.name).FINDINGS)


def is_no_english(card: Card, answer: Findings | Skipped | Failed) -> bool:
    """True where speech recognition says that a generated buzz is no speech of its language."""
    return card.name == "asr" and isinstance(answer, Failed) and answer.code == LANGUAGE_UNSUPPORTED


def test_a_narrow_recording_is_answered_with_a_warning_where_it_matters(tmp_path: Path) -> None:
    answers = [
        run(
            "noise",
            clip(SOUNDS["eight_kilohertz"](), tmp_path, native=rate),
        )[0].model_dump()
        for rate in (NARROW_RATE, 48_000)
    ]
    assert [answer.pop("bandwidth_limited") for answer in answers] == [True, False]
    assert answers[0] == answers[1]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_sound_that_is_no_number_is_refused(value: float, tmp_path: Path) -> None:
    sound = voice(2).astype("<f4")
    sound[0, RATE] = value
    soundfile.write(tmp_path / "a.wav", sound.T, RATE, subtype="FLOAT")
    with pytest.raises(BadAudio) as caught:
        prepare(tmp_path / "a.wav", UUID(int=1), f"file://{tmp_path}/store")
    assert caught.value.code == "not_finite"


def test_answers_are_the_same_every_time(card: Card, tmp_path: Path) -> None:
    sent = clip(SOUNDS["stereo"](), tmp_path, card.scope)
    assert run(card.name, sent)[0].model_dump_json() == run(card.name, sent)[0].model_dump_json()


def test_one_answer_per_clip_in_order(card: Card, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in "abc"]
    for folder in folders:
        folder.mkdir()
    sounds = ("voice", "silence", "stereo")
    clips = [  # each of another recording: speech recognition joins what it knows of a voice
        of_recording(i, clip(SOUNDS[s](), folder, card.scope))
        for i, (s, folder) in enumerate(zip(sounds, folders, strict=True))
    ]
    together = run(card.name, *clips)
    assert together == [answer for sent in clips for answer in run(card.name, sent)]


def of_recording(number: int, sent: Clip) -> Clip:
    ref = sent.ref.model_copy(update={"recording_id": UUID(int=number)})
    return replace(sent, ref=ref)


def test_no_speech_is_skipped_or_answered(card: Card, tmp_path: Path) -> None:
    (answer,) = run(card.name, clip(SOUNDS["hiss"](), tmp_path, card.scope, speech=False))
    if isinstance(answer, Skipped):
        assert answer.reason == NO_SPEECH
    else:
        check_scores(json.loads(answer.model_dump_json()))


def test_no_clips_no_answers(card: Card) -> None:
    assert run(card.name) == []


def test_the_default_release_is_of_its_analysis(card: Card) -> None:
    release = default_release(card.name)
    assert release.analysis == card.name


def check_scores(document: Any) -> None:
    """Every score table in the findings sums to one, and no share has more than four digits."""
    if isinstance(document, dict):
        scores = document.get("scores")
        if scores is not None:
            assert sum(scores.values()) == pytest.approx(1.0, abs=1e-9)
            assert all(round(share, 4) == share for share in scores.values())
        for value in document.values():
            check_scores(value)
    elif isinstance(document, list):
        for value in document:
            check_scores(value)


def check_times(document: Any, ref: ChunkRef) -> None:
    """Findings contain no times outside the chunk."""
    if isinstance(document, dict):
        if "start_ms" in document:
            assert ref.start_ms <= document["start_ms"] <= document["end_ms"] <= ref.end_ms
        for value in document.values():
            check_times(value, ref)
    elif isinstance(document, list):
        for value in document:
            check_times(value, ref)


def is_consistent(answer: Classification) -> bool:
    top = max(answer.scores.values())
    if answer.abstained:
        return answer.label == UNCLEAR and answer.confidence == top
    return answer.scores[answer.label] == answer.confidence == top
