"""Measures what speech recognition makes of other languages, and of how much English it makes
nothing: words shown and recordings refused, by set.

python -m training.measurements.languages --data ../shared/data
python -m training.measurements.languages --data ../shared/data --detect whisper-base

None of these recordings is trained on or chosen by.
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path

import numpy as np

from earshot.analysis.findings import AsrFindings
from earshot.analysis.outcome import LANGUAGE_UNSUPPORTED, Failed
from earshot.analysis.words.whole_recording import likeliest
from earshot.models.checkpoints.catalog import known
from earshot.models.checkpoints.defaults import default_release
from earshot.models.runtimes import open_release
from earshot.settings import settings
from evaluation import manifest
from evaluation.manifest import Row
from training.data.datasets import RATE, waveform
from workers.direct import Analyser

WHOLE = {
    "asr/watson_demo/ar-AR_Broadband_sample1.flac": "ar",
    "asr/watson_demo/de-DE_NarrowbandModel_sample1.flac": "de",
    "asr/watson_demo/fr-FR_Broadband_sample1.flac": "fr",
    "asr/watson_demo/fr-FR_Narrowband_sample1.flac": "fr",
    "asr/watson_demo/it-IT_NarrowbandModel_sample1.flac": "it",
    "asr/watson_demo/ja-JP_Broadband_sample1.flac": "ja",
    "asr/watson_demo/ko-KR_BroadbandModel_sample1.flac": "ko",
    "asr/watson_demo/ko-KR_NarrowbandModel_sample1.flac": "ko",
    "asr/formats/es-mx.wav": "es",
    "diarization/taylorlu_rmdmy.ogg": "zh",
}
"""Recordings of 5 s and more that are in one other language throughout."""
SHORT = ("emotion/nemo", "emotion/urdu", "emotion/emodb")
EACH = 10
"""Sentences of each of these sets: with ``WHOLE``, 40 clips of 10 languages."""
JOINED = (*SHORT, "emotion/baved_arabic")
ENOUGH_SEC, PAUSE_SEC = 5.0, 0.3
"""Clips of one speaker are laid end to end until they are this long, to detect their language."""
ENGLISH = {
    "asr/librispeech_test-other": 1,
    "asr/librispeech_test-clean": 1,
    "asr/librivox": 1,
    "asr/gcp": 1,
    "emotion/ravdess": 32,
    "asr/fsdd_8k": 20,
    "diarization/ami_debug": 1,
    "diarization/pyaudioanalysis": 1,
    "diarization/azure": 1,
    "diarization/faster_whisper": 1,
}
"""Sets of English, and of which every how many-th recording is measured."""
READ = ("asr/librispeech_test-other", "asr/librispeech_test-clean", "asr/librivox")
"""Read English with transcripts, whose word error rate is quoted."""
ENGLISH_FILES = (
    "asr/jfk.flac",
    "asr/silero_aepyx_8k.ogg",
    "callcenter/auto_repairs_40_stereo_8k.flac",
    "asr/watson_demo/Us_English_Narrowband_Sample_1.flac",
    "asr/watson_demo/en-GB_Broadband_sample1.flac",
    "asr/watson_demo/en-GB_Narrowband_sample1.flac",
    "asr/watson_demo/sample1.flac",
)


@dataclass(frozen=True)
class Shown:
    """What a report shows of one recording."""

    source: str
    seconds: float
    words: int
    refused: bool
    """No chunk has words, and one at least is refused for its language."""
    withheld: int
    """Words left out for their language where others are shown."""
    named: str
    """The language that its speech is most likely in, if it is not English; empty if no detector
    was asked."""


def foreign(rows: Sequence[Row]) -> dict[str, str]:
    """The 40 clips: path to language."""
    found = dict(WHOLE)
    for source in SHORT:
        found |= {row.path: row.lang or "" for row in longest(rows, source, EACH)}
    return found


def longest(rows: Sequence[Row], source: str, count: int) -> list[Row]:
    """The longest recordings of a set, one of each speaker in turn."""
    own = sorted(
        (row for row in rows if row.source == source), key=lambda row: (-row.duration, row.path)
    )
    speakers = sorted({row.group for row in own})
    turns = zip_longest(*([row for row in own if row.group == each] for each in speakers))
    return [row for row in chain.from_iterable(turns) if row][:count]


def english(rows: Sequence[Row]) -> list[str]:
    """Paths of English recordings."""
    found = list(ENGLISH_FILES)
    for source, step in ENGLISH.items():
        found += sorted(row.path for row in rows if row.source == source)[::step]
    return found


def shown(data: Path, paths: Iterable[str]) -> Iterator[Shown]:
    """Analyses recordings with the default release, without a named language."""
    with tempfile.TemporaryDirectory(prefix="earshot-languages-") as folder:
        analyser = Analyser(
            f"file://{folder}", {"asr": default_release("asr")}, gate=default_release("scene")
        )
        for path in paths:
            analysed = analyser.analyse(data / path)
            found = [each for _, each in analysed.evidence.found("asr", AsrFindings)]
            failed = [
                AsrFindings.model_validate(part.outcome.findings)
                for part in analysed.evidence.parts
                if isinstance(part.outcome, Failed) and part.outcome.code == LANGUAGE_UNSUPPORTED
            ]
            words = sum(len(each.words) for each in found)
            withheld = [
                text
                for each in found
                for text in each.suppressed_text
                if text.reason == LANGUAGE_UNSUPPORTED
            ]
            spoken = [part for each in (*found, *failed) for part in each.spoken]
            language = likeliest(spoken)
            yield Shown(
                "/".join(path.split("/")[:2]) if path.count("/") > 1 else path,
                analysed.seconds,
                words,
                bool(failed) and not words,
                sum(len(text.text.split()) for text in withheld),
                language[0] if language else "",
            )


def names(found: Sequence[Shown], languages: Iterable[str]) -> str:
    """Markdown: how often the right language is named where a recording is refused, by set."""
    refused = [(each, code) for each, code in zip(found, languages, strict=True) if each.refused]
    lines = ["| set | refused | named right | taken for |", "|---|---|---|---|"]
    for source in dict.fromkeys([*(each.source for each, _ in refused), "together"]):
        rows = [(each.named, code) for each, code in refused if source in (each.source, "together")]
        others = Counter(f"{code} for {name}" for name, code in rows if name != code)
        taken = ", ".join(f"{what} ({count})" for what, count in sorted(others.items()))
        right = sum(name == code for name, code in rows)
        lines.append(f"| {source} | {len(rows)} | {right} | {taken} |")
    return "\n".join(lines)


def table(found: Sequence[Shown]) -> str:
    """Markdown, by set."""
    lines = ["| set | recordings | words shown | in recordings | refused | of 5 s and more |"]
    lines.append("|---|---|---|---|---|---|")
    for source in dict.fromkeys([*(each.source for each in found), "together"]):
        rows = [each for each in found if source in (each.source, "together")]
        long = [each for each in rows if each.seconds >= ENOUGH_SEC]
        lines.append(
            f"| {source} | {len(rows)} | {sum(each.words for each in rows)} |"
            f" {sum(each.words > 0 for each in rows)} | {sum(each.refused for each in rows)} |"
            f" {sum(each.refused for each in long)} of {len(long)} |"
        )
    return "\n".join(lines)


def joined(data: Path, rows: Sequence[Row]) -> Iterator[tuple[str, str, np.ndarray]]:
    """Set, language and sound of ``ENOUGH_SEC`` of each speaker, clips end to end, beside the
    recordings that are as long by themselves."""
    for path, language in WHOLE.items():
        yield path, language, waveform(data / path)
    for source in JOINED:
        own = [row for row in rows if row.source == source]
        for speaker in sorted({row.group for row in own}):
            parts: list[np.ndarray] = []
            for row in sorted((r for r in own if r.group == speaker), key=lambda r: r.path):
                parts += [waveform(data / row.path), np.zeros(int(PAUSE_SEC * RATE), np.float32)]
                if sum(map(len, parts)) >= ENOUGH_SEC * RATE:
                    yield source, own[0].lang or "", np.concatenate(parts)
                    break


def detected(data: Path, rows: Sequence[Row], name: str, most: int) -> str:
    """Markdown: how often a pulled release detects the language, by set."""
    entry = next(each for each in known(settings().models_catalog) if each.name == name)
    recogniser = open_release(entry.release(), "cpu", settings())
    counts: dict[tuple[str, str], list[str]] = {}
    for source, language, sound in joined(data, rows):
        found = counts.setdefault((source, language), [])
        if len(found) < most:
            found += recogniser.detect([sound[: 30 * RATE]])
    lines = ["| set | language | recordings | right | taken for |", "|---|---|---|---|---|"]
    right = 0
    for (source, language), found in counts.items():
        hits = found.count(language)
        right += hits
        others = ", ".join(sorted({each for each in found if each != language}))
        lines.append(f"| {source} | {language} | {len(found)} | {hits} | {others} |")
    total = sum(map(len, counts.values()))
    return "\n".join([*lines, f"| together | | {total} | {right} ({right / total:.3f}) | |"])


def main(data: Path, detector: str, most: int) -> None:
    """Prints the tables."""
    rows = manifest.read(data / "labels.jsonl")
    if detector:
        print(detected(data, rows, detector, most))
        return
    clips = foreign(rows)
    others = list(shown(data, clips))
    print(f"Other languages\n\n{table(others)}\n\n{names(others, clips.values())}", flush=True)
    print("\nEnglish\n\n" + table(list(shown(data, english(rows)))))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--detect", default="", help="a pulled release that detects languages")
    parser.add_argument("--most", type=int, default=12, help="recordings of a set to detect")
    arguments = parser.parse_args()
    main(arguments.data, arguments.detect, arguments.most)
