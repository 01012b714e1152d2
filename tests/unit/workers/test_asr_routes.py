"""Languages lead to recognisers, all stretches of a job go to each in one call, and findings say
who wrote them."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from earshot.analysis.errors import Misconfigured
from earshot.analysis.findings import AsrFindings
from earshot.analysis.outcome import Failed, Skipped, Succeeded
from earshot.analysis.types import Release
from earshot.analysis.words.whole_recording import settled
from earshot.audio.clip import Clip
from earshot.compute.sound import Samples, passes
from earshot.models.asr.recogniser import Recognised, Recognition
from earshot.models.checkpoints.defaults import default_releases
from earshot.models.whisper.language_detector import Detected, LanguageDetector
from earshot.settings import Settings
from tests.chunks import chunk, stored
from tests.sounds import espeak
from workers import asr
from workers.asr.routes import ANY, Recognisers, named_routes, second_release
from workers.asr.second import second_opinion

NAME, OTHER = default_releases()["asr"].name, "asr-pocketsphinx-en-us-1"


class Listener:
    """A recogniser that records the sizes of its calls; it detects Arabic for an undetermined
    language."""

    languages = ("en", "fr", *(f"x{n:02}" for n in range(20)))
    join_gap_ms = 500
    longest_ms = 5_000

    def __init__(
        self,
        known: tuple[str, ...],
        log_probability: float = -0.1,
        foreign: Sequence[float | None] = (),
        detects: Sequence[str] = (),
    ) -> None:
        self.known, self.log_probability = known, log_probability
        self.foreign, self.detects = iter(foreign), iter(detects)
        self.calls: list[list[str]] = []

    def speaks(self, language: str) -> bool:
        return language in self.known

    def transcribe(
        self, stretches: Sequence[Samples], languages: Sequence[str], hotwords: Sequence[str]
    ) -> list[Recognition]:
        self.calls.append(list(languages))
        return [
            Recognition(
                (Recognised(f"{len(samples)}", 100, 400, 0.51234), Recognised(" ", 400, 450, 0.5)),
                next(self.detects, "ar") if language == "und" else language,
                self.log_probability,
                0.9,
                next(self.foreign, None),
            )
            for samples, language in zip(stretches, languages, strict=True)
        ]


class Ear(LanguageDetector):
    """Detects German with these log odds, and records the lengths of what it is given."""

    languages = ("en", "de")

    def __init__(self, *odds: float) -> None:
        self.odds, self.lengths = iter(odds), list[int]()

    def detect(self, samples: Samples, expected: str) -> Detected:
        assert expected == "en"
        self.lengths.append(len(samples) // 16)
        return Detected(next(self.odds), "de", 0.9)

    def beside(self, head: float, detected: Detected) -> float:
        return head + detected.log_odds


class Two(Recognisers):
    """Arabic goes to the second one, and what else is named."""

    def __init__(
        self, first: Listener, second: Listener, *routed: str, detector: Ear | None = None
    ) -> None:
        self.name, self.hotwords, self._pair = "first", (), (first, second)
        self._ear = detector
        self._routed = ("ar", *routed)

    def of(self, language: str) -> tuple[str, Listener]:
        return ("second", self._pair[1]) if language in self._routed else ("first", self._pair[0])

    @property
    def detector(self) -> Ear | None:
        return self._ear


def clip(folder: Path, language: str, *speech: tuple[int, int, int]) -> Clip:
    path = stored(folder / "sound.pcm", np.full((2, 16_000 * 20), 1_000 / 32_768))
    ref = chunk(20_000, *speech, start_ms=5_000, audio_uri=path, channels=2, language=language)
    return Clip(ref)


def test_a_job_is_one_call_a_recogniser_and_findings_name_the_other_one(tmp_path: Path) -> None:
    first, second = Listener(("en", "fr", "und")), Listener(("ar",))
    clips = [
        clip(tmp_path, "en-GB", (0, 6_000, 7_000), (1, 9_000, 10_000)),
        clip(tmp_path, "ar-MA", (0, 6_000, 7_000)),
        clip(tmp_path, "de", (0, 6_000, 7_000)),
        clip(tmp_path, "fr", (1, 6_000, 7_000)),
        clip(tmp_path, "fr"),
    ]
    english, arabic, german, french, silent = asr.analyze(Two(first, second), clips)
    assert (first.calls, second.calls) == ([["en", "en", "fr"]], [["ar"]])
    assert silent == Skipped(reason="no_speech")
    assert isinstance(german, Failed)
    assert (german.code, german.detail.count("\n")) == ("language_unsupported", 0)
    assert german.detail.startswith("first supports en, fr, x00, x01")
    assert german.detail.endswith(
        "x09 and 10 more, not de; route de to a release that does (EARSHOT_ASR_ROUTES)"
    )
    assert isinstance(english, AsrFindings)
    assert isinstance(arabic, AsrFindings)
    assert isinstance(french, AsrFindings)
    assert [(w.text, w.channel, w.start_ms, w.end_ms, w.confidence) for w in english.words] == [
        ("22400", 0, 5_900, 6_200, 0.512),
        ("22400", 1, 8_900, 9_200, 0.512),
    ]
    assert (english.language, arabic.language, french.language) == ("en", "ar", "fr")
    assert (english.routed_to, arabic.routed_to, french.routed_to) == (None, "second", None)


def test_a_language_that_was_heard_leads_on(tmp_path: Path) -> None:
    first, second = Listener(("en", "und")), Listener(("ar",))
    (found,) = asr.analyze(Two(first, second), [clip(tmp_path, "und", (0, 6_000, 7_000))])
    assert (first.calls, second.calls) == ([["und"]], [["ar"]])
    assert isinstance(found, AsrFindings)
    assert (found.language, found.routed_to) == ("ar", "second")


def test_speech_in_another_language_is_no_text(tmp_path: Path) -> None:
    model = Two(Listener(("en",), foreign=[4.0, 0.5]), Listener(()))
    clips = [clip(tmp_path, "en", (0, 6_000, 9_000), (0, 12_000, 12_500))]
    (refused,) = asr.analyze(model, clips)
    assert isinstance(refused, Failed)
    assert (refused.code, refused.detail.count("\n")) == ("language_unsupported", 0)
    assert refused.detail.startswith("first supports en, and the speech is in another language (9")


def test_one_voice_in_another_language_is_left_out_alone(tmp_path: Path) -> None:
    model = Two(Listener(("en",), foreign=[-4.0, 4.0]), Listener(()))
    clips = [clip(tmp_path, "en", (0, 6_000, 9_000), (1, 12_000, 14_000))]
    (found,) = asr.analyze(model, clips)
    assert isinstance(found, AsrFindings)
    assert [word.channel for word in found.words] == [0]
    assert [(each.channel, each.reason) for each in found.suppressed_text] == [
        (1, "language_unsupported")
    ]
    assert found.language == "en"


def test_a_voice_is_judged_over_all_chunks_of_a_job(tmp_path: Path) -> None:
    """Half a second says little: what was spoken before it and after decides."""
    speech = [(0, 6_000, 6_500)], [(0, 9_000, 12_000)], [(0, 13_000, 16_000)]
    alone = Two(Listener(("en",), foreign=[0.5]), Listener(()))
    assert isinstance(asr.analyze(alone, [clip(tmp_path, "en", *speech[0])])[0], AsrFindings)
    together = Two(Listener(("en",), foreign=[0.5, 4.0, 4.0]), Listener(()))
    found = asr.analyze(together, [clip(tmp_path, "en", *each) for each in speech])
    assert all(isinstance(each, Failed) for each in found)


def test_the_detector_is_asked_about_doubtful_stretches_and_names_the_language(
    tmp_path: Path,
) -> None:
    """Half a second has no odds of its own, and ordinary English asks nothing."""
    ear = Ear(4.0)
    speech = (0, 6_000, 9_000), (1, 9_000, 12_000), (1, 15_000, 15_500)
    model = Two(Listener(("en",), foreign=[-5.0, 0.0, None]), Listener(()), detector=ear)
    (found,) = asr.analyze(model, [clip(tmp_path, "en", *speech)])
    assert ear.lengths == [3_400]
    assert isinstance(found, AsrFindings)
    assert [word.channel for word in found.words] == [0]
    assert [(each.other_language, each.language) for each in found.spoken] == [
        (-5.0, None),
        (4.0, "de"),
        (None, None),
    ]
    model = Two(Listener(("en",), foreign=[0.0]), Listener(()), detector=Ear(4.0))
    (refused,) = asr.analyze(model, [clip(tmp_path, "en", (0, 6_000, 9_000))])
    assert isinstance(refused, Failed)
    assert refused.detail == (
        "first supports en, and the speech is in another language (86%), most likely German (de,"
        " 90%); route de to a release that supports it (EARSHOT_ASR_ROUTES)"
    )


def test_the_detector_may_disagree_with_the_recogniser(tmp_path: Path) -> None:
    model = Two(Listener(("en",), foreign=[3.0]), Listener(()), detector=Ear(-6.0))
    (found,) = asr.analyze(model, [clip(tmp_path, "en", (0, 6_000, 9_000))])
    assert isinstance(found, AsrFindings)
    assert len(found.words) == 1


def test_half_a_minute_of_a_voice_is_detected_the_longest_first(tmp_path: Path) -> None:
    """The odds of the rest move as far."""
    ear = Ear(*[-6.0] * 9)
    clips = [
        clip(tmp_path, "en", (0, 6_000, 10_000), (0, 12_000, 12_000 + length))
        for length in (4_500, 4_600, 4_100, 4_200)
    ]
    found = asr.analyze(
        Two(Listener(("en",), foreign=[5.0] * 8), Listener(()), detector=ear), clips
    )
    assert ear.lengths == [5_000, 4_900, 4_600, 4_500, 4_400, 4_400]
    odds = [each.other_language for one in found for each in one.spoken]  # type: ignore[union-attr]
    assert odds == [-1.0] * 8
    assert all(isinstance(each, AsrFindings) and len(each.words) == 2 for each in found)


def test_half_a_minute_of_english_leaves_other_languages_their_turn(tmp_path: Path) -> None:
    ear = Ear(*[-4.0] * 3, *[4.0] * 5)
    english = [clip(tmp_path, "en", (0, 6_000, 10_600)) for _ in range(6)]
    french = [clip(tmp_path, "en", (0, 6_000, 9_000)) for _ in range(9)]
    model = Two(Listener(("en",), foreign=[-1.0] * 6 + [3.0] * 9), Listener(()), detector=ear)
    found = asr.analyze(model, [*english, *french])
    assert all(isinstance(each, AsrFindings) for each in found[:6])
    assert all(isinstance(each, Failed) for each in found[6:])


def test_a_job_that_cannot_judge_keeps_its_stretches_for_the_recording(tmp_path: Path) -> None:
    alone = Two(Listener(("en",)), Listener(()))
    (yes,) = asr.analyze(alone, [clip(tmp_path, "en", (0, 6_000, 6_500))])
    rest = Two(Listener(("en",), foreign=[5.0, 5.0]), Listener(()))
    (refused,) = asr.analyze(rest, [clip(tmp_path, "en", (0, 9_000, 12_000), (0, 12_900, 15_000))])
    assert isinstance(yes, AsrFindings)
    assert isinstance(refused, Failed)
    after = settled([(NAME, Succeeded(findings=yes.model_dump(mode="json"))), (NAME, refused)])
    assert all(isinstance(each, Failed) for each in after)


def test_what_the_detector_calls_foreign_goes_to_the_recogniser_of_an_open_language(
    tmp_path: Path,
) -> None:
    second = Listener(("und", "fr"), detects=["fr"])
    first = Listener(("en",), foreign=[0.0])
    model = Two(first, second, "und", "fr", detector=Ear(4.0))
    (found,) = asr.analyze(model, [clip(tmp_path, "en", (0, 6_000, 9_000))])
    assert isinstance(found, AsrFindings)
    assert (found.language, found.routed_to) == ("fr", "second")


def test_what_is_foreign_goes_to_the_recogniser_of_an_open_language(tmp_path: Path) -> None:
    """In one stretch over short pauses; where it detects the recogniser's own language, the first
    text stays."""
    clips = [clip(tmp_path, "en", (0, 6_000, 7_000), (0, 7_900, 9_000))]
    second = Listener(("und", "fr"), detects=["fr"])
    (found,) = asr.analyze(Two(Listener(("en",), foreign=[4.0, 4.0]), second, "und", "fr"), clips)
    assert isinstance(found, AsrFindings)
    assert (found.language, found.routed_to, found.suppressed_text) == ("fr", "second", ())
    assert second.calls == [["und"]]
    second = Listener(("und",), detects=["en"])
    (found,) = asr.analyze(Two(Listener(("en",), foreign=[4.0, 4.0]), second, "und"), clips)
    assert isinstance(found, AsrFindings)
    assert (found.language, found.routed_to, len(found.words)) == ("en", None, 2)


def test_foreign_stretches_are_joined_as_far_as_the_other_recogniser_takes_them(
    tmp_path: Path,
) -> None:
    """Whose language it is, all of them decide together."""
    speech = (0, 6_000, 9_000), (0, 9_900, 12_000), (0, 12_900, 14_500)
    clips = [clip(tmp_path, "en", *speech)]

    def found(second: Listener) -> AsrFindings:
        first = Listener(("en",), foreign=[4.0] * 3)
        (found,) = asr.analyze(Two(first, second, "und", "fr"), clips)
        assert isinstance(found, AsrFindings)
        return found

    second = Listener(("und", "fr"), detects=["en", "fr"])
    french = found(second)
    assert second.calls == [["und", "und"], ["fr"]]
    assert (french.language, french.routed_to) == ("fr", "second")
    sizes = [word.text for word in french.words]
    assert sizes == [f"{(9_200 - 5_800) * 16}", f"{(14_700 - 9_700) * 16}"]
    english = found(Listener(("und", "fr"), detects=["fr", "en"]))
    assert (english.language, english.routed_to, len(english.words)) == ("en", None, 3)
    short = Listener(("und", "fr"), detects=["fr"] * 10)
    short.longest_ms = 2_000
    sizes = [word.text for word in found(short).words]
    assert sizes == ["27200", "27200", "20000", "20000", "32000"]


def test_a_short_stretch_takes_the_language_of_its_recording(tmp_path: Path) -> None:
    """One that is detected as another language is recognised again; half a chunk of speech is
    not."""
    model = Listener(("und", "de", "nl"), detects=["de", "nl", "de"])
    clips = [
        clip(tmp_path, "und", (0, 6_000, 10_000)),
        clip(tmp_path, "und", (0, 6_000, 7_000)),
        clip(tmp_path, "und", (0, 6_000, 9_000)),
    ]
    found = asr.analyze(Two(model, Listener(("ar",))), clips)
    assert model.calls == [["und", "und", "und"], ["de"]]
    assert [each.language for each in found if isinstance(each, AsrFindings)] == ["de"] * 3
    model = Listener(("und", "de", "nl"), detects=["de"] * 3 + ["nl"] * 3)
    long = [clip(tmp_path, "und", (0, 6_000, 17_000)) for _ in range(2)]
    found = asr.analyze(Two(model, Listener(("ar",))), long)
    assert [each.language for each in found if isinstance(each, AsrFindings)] == ["de", "nl"]
    assert [set(call) for call in model.calls] == [{"und"}]


def test_unsure_text_is_kept_apart(tmp_path: Path) -> None:
    model = Two(Listener(("en",), log_probability=-2.0), Listener(()))
    (found,) = asr.analyze(model, [clip(tmp_path, "en", (0, 6_000, 7_000))])
    assert isinstance(found, AsrFindings)
    assert found.words == ()
    assert [(item.text, item.reason, item.start_ms) for item in found.suppressed_text] == [
        ("22400", "no_speech", 5_900)
    ]


def test_routes_are_releases_of_the_catalog() -> None:
    assert named_routes({"en": NAME, ANY: NAME}, None) == dict.fromkeys(
        ("en", ANY), default_releases()["asr"]
    )
    with pytest.raises(Misconfigured, match="EARSHOT_ASR_ROUTES leads ar to nowhere-1"):
        named_routes({"ar": "nowhere-1"}, None)
    scene = default_releases()["scene"].name
    with pytest.raises(Misconfigured, match=scene):
        named_routes({"ar": scene}, None)


def test_the_second_opinion_is_another_recogniser_of_the_language(tmp_path: Path) -> None:
    sound = np.pad(espeak.speak("my number is four five six", "en-us"), (0, 16_000)) * 0.3
    path = stored(tmp_path / "sound.pcm", np.stack([np.zeros_like(sound), sound]))
    length = len(sound) // 16
    clip = Clip(chunk(length, (1, 200, length - 100), audio_uri=path, channels=2, language="en"))
    release = default_releases()["asr"]
    assert second_opinion(Recognisers(release, "cpu", Settings()), clip, "en") == []
    assert second_opinion(Recognisers(release, "cpu", Settings(redact_asr=NAME)), clip, "en") == []
    model = Recognisers(release, "cpu", Settings(redact_asr=OTHER))
    found = second_opinion(model, clip, "en")
    assert {word.channel for word in found} == {1}
    assert all(0 <= word.start_ms <= word.end_ms <= length for word in found)
    assert second_opinion(model, clip, "fr") == []
    with pytest.raises(Misconfigured, match="EARSHOT_REDACT_ASR names nowhere-1"):
        second_release(Settings(redact_asr="nowhere-1"))


def test_a_route_is_loaded_when_its_language_first_comes() -> None:
    other = named_routes({"en": OTHER}, None)["en"]
    model = Recognisers(other, "cpu", Settings(asr_routes={"en": NAME, "fr": NAME}))
    assert model.of("de")[0] == OTHER
    name, recogniser = model.of("en")
    assert (name, recogniser.speaks("en"), recogniser.speaks("und")) == (NAME, True, False)
    assert model.of("fr")[1] is recogniser
    assert model.of("de")[1] is not recogniser


def test_an_endpoint_hears_all_languages_whatever_their_routes() -> None:
    url = "https://endpoint.example/"
    elsewhere = Release(analysis="asr", name="e", runtime="http-endpoint", uri=url, sha256="")
    model = Recognisers(
        elsewhere, "cpu", Settings(asr_endpoint_url=url, asr_routes={"en": NAME, ANY: "nowhere-1"})
    )
    assert [model.of(language)[0] for language in ("en", "de")] == ["e", "e"]


def test_passes_hold_rows_of_like_length() -> None:
    second = 16_000
    lengths = [30 * second, second, 29 * second, 2 * second]
    assert passes(lengths) == [[0, 2, 3, 1]]
    assert [len(rows) for rows in passes([30 * second] * 40)] == [16, 16, 8]
    assert [len(rows) for rows in passes([second] * 40, row_sec=30)] == [16, 16, 8]
    assert passes([10_000 * second]) == [[0]]
    assert passes([]) == []


def test_what_is_not_used_is_not_imported() -> None:
    heavy = (
        "{'torch', 'transformers', 'ctranslate2', 'faster_whisper', 'pocketsphinx',"
        " 'moonshine_voice', 'torchaudio'}"
    )
    code = f"import sys, workers.asr; sys.exit(' '.join({heavy} & set(sys.modules)) or None)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
