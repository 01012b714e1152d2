"""Measures analyses on the rows of a manifest, one recording after the other."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from earshot.analysis.errors import Permanent
from earshot.analysis.report.parts import Evidence
from earshot.compute import cache
from earshot.compute.device import resolve
from evaluation import answers
from evaluation.choice import Chosen, reference
from evaluation.figures import classified, diarized, transcribed
from evaluation.figures.tally import Case, Tally
from evaluation.label_map import NATURAL, LabelMap
from evaluation.manifest import Row
from evaluation.measures.der import score
from evaluation.metrics import Classified, Diarized, LeftOut, Metrics, Transcribed
from evaluation.releases import trained_on
from workers import asr
from workers.asr.listening import primary
from workers.direct import Analysed, Analyser

Watch = Callable[[Sequence[int]], Iterable[int]]
"""Iterates over positions of rows and may show progress."""

SILENT = "no_speech"
NOT_ASKED = "language_unsupported"
"""A failure that does not count where the release does not know the row's language: a manifest may
contain recordings of several. Of a language that it knows, it is a wrong answer."""


@dataclass(frozen=True)
class Trial:
    """A measurement: rows below ``root``, each analysis with its map and its selection of rows."""

    rows: Sequence[Row]
    root: Path
    maps: Mapping[str, LabelMap]
    chosen: Mapping[str, Chosen]
    collar_ms: int

    def measure(self, analyser: Analyser, watch: Watch = iter) -> Metrics:
        """Analyses every chosen recording once, with all analyses that it is labelled for.

        Raises:
            Transient: the disk is full.
        """
        return Metrics(
            {
                name: self._measured(name, tally)
                for name, tally in self.tallies(analyser, watch).items()
            }
        )

    def tallies(self, analyser: Analyser, watch: Watch = iter) -> dict[str, Tally]:
        """The data from which ``measure`` computes its figures.

        Raises:
            Transient: the disk is full.
        """
        tallies = {
            name: Tally(each, trained_on(each), self.chosen[name])
            for name, each in analyser.releases.items()
        }
        for position in watch(
            sorted({position for each in self.chosen.values() for position in each.truth})
        ):
            self._analyse(
                analyser,
                self.rows[position],
                {n: t for n, t in tallies.items() if position in t.chosen.truth},
                position,
            )
        return tallies

    def _analyse(
        self, analyser: Analyser, row: Row, tallies: Mapping[str, Tally], position: int
    ) -> None:
        try:
            analysed = analyser.analyse(
                self.root / row.path, tallies, roles=row.asked_roles, language=row.lang or ""
            )
        except Permanent as error:  # BadAudio, Forbidden, roles: an error of this recording
            for tally in tallies.values():
                tally.left_out.append(LeftOut(path=row.path, code=error.code, detail=str(error)))
            return
        for name, tally in tallies.items():
            self._take(name, tally, row, tally.chosen.truth[position], analysed, analyser)

    def _take(
        self,
        name: str,
        tally: Tally,
        row: Row,
        truth: str | None,
        analysed: Analysed,
        analyser: Analyser,
    ) -> None:
        tally.cpu_seconds += analysed.cpu_seconds[name]
        tally.seconds += analysed.seconds
        nothing = answers.nothing(analysed.evidence, name)
        if nothing and nothing.failed and nothing.reason != NOT_ASKED:
            tally.left_out.append(
                LeftOut(path=row.path, code=nothing.reason, detail=nothing.detail)
            )
            return
        # No detected speech in a recording with speech is a wrong answer for asr and diarization.
        wrong = nothing and (
            nothing.reason == SILENT
            or (nothing.reason == NOT_ASKED and _knows(analyser, row.lang or analyser.language))
        )
        if nothing and (name not in ("asr", "diarization") or not wrong):
            tally.unanswered[nothing.reason] += 1
            return
        answer = self._answer(name, row, truth, analysed.evidence)
        if answer is None:
            tally.unanswered["no_label"] += 1
        else:
            tally.cases.append(Case(row, truth, answer))

    def _answer(self, name: str, row: Row, truth: str | None, evidence: Evidence) -> object:
        if name == "asr":
            return answers.transcript(evidence)
        if name == "diarization" and truth:
            true = reference(self.root, truth, row.path)
            return score(
                true, answers.turns(evidence), evidence.recording.duration_ms, self.collar_ms
            )
        if truth == NATURAL:
            return answers.of_turns(evidence, name) or None
        return answers.classification(evidence, name)

    def _measured(self, name: str, tally: Tally) -> Classified | Transcribed | Diarized:
        if name == "asr":
            return transcribed.measure(tally, self.maps[name])
        if name == "diarization":
            return diarized.measure(tally, self.collar_ms)
        return classified.measure(tally, self.maps[name])


def _knows(analyser: Analyser, language: str) -> bool:
    """True if the recogniser of a language (BCP 47) knows it."""
    model = cache.get(asr.load, analyser.releases["asr"], resolve(analyser.device))
    _, recogniser = model.of(primary(language))
    return bool(recogniser.speaks(primary(language)))
