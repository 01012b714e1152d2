"""The live transcript of real speech, by the real detector and recogniser."""

import json
from collections.abc import Iterator

import numpy as np
import pytest

from earshot.analysis.words.spelling import compared
from earshot.audio.speech.vad import WINDOW, Probabilities, SpeechDetector
from earshot.compute.sound import Samples
from earshot.live.agreement import Spoken
from earshot.live.events import Event
from earshot.live.hearing import Hearing
from earshot.live.listening import Heard, Listener, Look
from earshot.live.segment import Segment
from earshot.live.voice import Voice
from earshot.models.asr.english_alignment import Aligner
from earshot.models.asr.moonshine import Moonshine
from earshot.models.checkpoints.catalog import load
from earshot.models.checkpoints.location import locate
from earshot.settings import PROJECT, settings
from evaluation.measures.words import distance
from tests.sounds.voices import call

[RELEASE] = [entry for entry in load() if entry.runtime == "moonshine"]
pytestmark = pytest.mark.skipif(
    not RELEASE.at_hand, reason="there is no wheel of Moonshine for this platform"
)
BLOCK, STEP = 1600, 6400


@pytest.fixture(scope="module")
def listener() -> Listener:
    return Listener(Moonshine(locate(RELEASE.release(), settings())), Aligner().align)


@pytest.fixture(scope="module")
def spoken() -> Samples:
    """The first three sentences of the demo call, of both voices on one channel."""
    mixed: Samples = call().mean(axis=0)[: round(15.6 * 16_000)]
    return mixed


def heard(
    listener: Listener, hearing: Hearing, sound: Samples, step: int = STEP, block: int = BLOCK
) -> Iterator[Event]:
    """All events of a session whose recogniser keeps up with the speaker."""
    for start in range(0, len(sound), block):
        yield from hearing.feed(sound[start : start + block])
        while look := hearing.wants(step):
            yield from hearing.take(look, listener.listen(look))
    yield from hearing.finish()
    while look := hearing.wants(step):
        yield from hearing.take(look, listener.listen(look))
    assert hearing.done


@pytest.fixture(scope="module")
def undisturbed(listener: Listener, spoken: Samples) -> list[Event]:
    return list(heard(listener, Hearing(), spoken))


def finals(events: list[Event]) -> list[str]:
    return [event.body["text"] for event in events if event.body["type"] == "final"]


def test_what_is_committed_never_changes(undisturbed: list[Event]) -> None:
    before: dict[str, str] = {}
    for event in undisturbed:
        body = event.body
        assert body["committed"].startswith(before.get(body["segment_id"], ""))
        assert body["text"].startswith(body["committed"])
        before[body["segment_id"]] = body["committed"]
    partials = [event.body for event in undisturbed if event.body["type"] == "partial"]
    assert len(partials) > 8
    assert any(body["committed"] for body in partials)


def test_finals_are_what_was_said(undisturbed: list[Event]) -> None:
    known = json.loads((PROJECT / "demo" / "call.json").read_text())["utterances"]
    said = " ".join(each["text"] for each in known[:3]).split()
    text = compared(" ".join(finals(undisturbed))).split()
    assert distance(said, text) <= 0.2 * len(said)
    words = [word for event in undisturbed for word in event.body.get("words", ())]
    assert all(word["start_ms"] < word["end_ms"] for word in words)
    assert [word["start_ms"] for word in words] == sorted(word["start_ms"] for word in words)


def test_a_successor_says_the_same_behind_every_checkpoint(
    listener: Listener, spoken: Samples, undisturbed: list[Event]
) -> None:
    """Also from the beginning, and with windows at other times."""
    expected = finals(undisturbed)
    states = [event.state for event in undisturbed if event.state is not None]
    assert len(states) == len(expected) > 1
    for count, state in enumerate([None, *states]):
        successor = Hearing()
        successor.resume(json.loads(json.dumps(state)), None)
        begin = 0 if state is None else state["begin"]
        rest = list(heard(listener, successor, spoken[begin:], step=10**9))
        assert finals(rest) == expected[count:]


@pytest.fixture(scope="module")
def breathless() -> Samples:
    """Eighteen seconds of the demo call without its pauses."""
    mixed = call().mean(axis=0)
    detector = SpeechDetector(0)
    detector.feed(mixed)
    speech = [
        mixed[each.start_ms * 16 + 2000 : each.end_ms * 16 - 2000] for each in detector.finish()
    ]
    joined: Samples = np.concatenate(speech)[: 18 * 16_000]
    return joined


def test_where_long_speech_is_divided_does_not_depend_on_how_it_comes(
    listener: Listener, breathless: Samples
) -> None:
    """A process that takes a session over gets many seconds at once."""
    slowly = list(heard(listener, Hearing(), breathless))
    at_once = list(heard(listener, Hearing(), breathless, block=len(breathless)))
    assert len(finals(slowly)) > 2
    assert finals(at_once) == finals(slowly)
    ends = [event.body["stable_until_ms"] for event in slowly if event.body["type"] == "final"]
    assert np.diff([0, *ends]).max() < 8_300


def test_a_cut_without_words_is_a_place_to_continue_from(breathless: Samples) -> None:
    """Noise that the detector takes for speech has none, and its sound is not needed for ever."""
    whole, place = Hearing(), None
    for start in range(0, len(breathless), BLOCK):
        whole.feed(breathless[start : start + BLOCK])
        while look := whole.wants(10**9):
            assert whole.take(look, Heard(words=())) == []
        place = whole.checkpoint() or place
    assert place is not None
    assert place["begin"] > 15 * 16_000
    successor = Hearing()
    successor.resume(json.loads(json.dumps(place)), None)
    looks = []
    for each in (whole, successor):
        each.feed(breathless[each.end :])
        each.finish()
        while (look := each.wants(10**9)) and look.kind == "partial":
            each.take(look, Heard(words=()))
        assert look is not None
        looks.append(look)
    assert (looks[0].start, looks[0].kind) == (looks[1].start, "final")
    assert np.array_equal(looks[0].samples, looks[1].samples)


def test_what_was_committed_is_of_its_own_segment(spoken: Samples) -> None:
    """One without words, which has no final, may lie between the checkpoint and it."""
    start = _first_look(Hearing(), spoken).start
    for later, committed in ((0, 1), (10 * 16_000, 0)):
        segment = Segment(start + later, [])
        segment.agreement.committed.append(Spoken("Good", (9,), 0.9))
        successor = Hearing()
        successor.resume(None, {"segment": 0, **segment.carried()})
        assert len(_first_look(successor, spoken).committed) == committed


def _first_look(hearing: Hearing, sound: Samples) -> Look:
    for start in range(0, len(sound), BLOCK):
        hearing.feed(sound[start : start + BLOCK])
        if look := hearing.wants(STEP):
            return look
    raise AssertionError("there is no speech")


def test_the_state_of_the_detector_continues_it(spoken: Samples) -> None:
    windows = spoken[: 100 * WINDOW].reshape(-1, WINDOW)
    whole = Probabilities().of(windows)
    first, second = Voice(), Voice()
    shares = [first.share(window) for window in windows[:60]]
    second.resume(first.state())
    shares += [second.share(window) for window in windows[60:]]
    assert np.abs(np.array(shares) - whole).max() < 1e-4
