"""Runs a candidate and the active release over the same sound, through the code of ``earshot
evaluate``, and judges the answers."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from earshot.analysis.types import Release
from evaluation.choice import Chosen, choose
from evaluation.figures.tally import Case, Tally
from evaluation.gate import background
from evaluation.gate.bars import SPEAKERS, Bars
from evaluation.gate.conversations import Conversations
from evaluation.gate.pairs import Pairs
from evaluation.gate.reasons import of_background, of_comparison, of_cost, of_labels
from evaluation.gate.verdict import Background, Verdict
from evaluation.label_map import NATURAL, LabelMap
from evaluation.manifest import Row
from evaluation.run import Trial
from workers.direct import Analyser

COMPARED = ("scene", "noise", "emotion", "sentiment", SPEAKERS)
"""Analyses with one label for a recording, and that of speakers."""
BACKGROUND = "background"
"""Key of a manifest's rows that belong to the background set."""


@dataclass(frozen=True)
class Held:
    """The recordings to compare on."""

    rows: Sequence[Row]
    root: Path
    mapping: LabelMap
    learnt: Collection[str]
    """Paths that the active release, or what the candidate was trained from, may have learnt."""
    sha256: str
    background: Path
    """Folder for generated background sound."""


@dataclass(frozen=True)
class Contest:
    """Both releases, each with what runs it."""

    candidate: Release
    active: Release
    analyser_of: Callable[[Release], Analyser]
    size_bytes: int | None = None
    """Of the candidate's file."""
    extended: bool = False
    """The candidate was trained to keep the active release's labels."""


def judge(contest: Contest, held: Held, bars: Bars) -> Verdict:
    """Compares both releases.

    Raises:
        Misconfigured: a release cannot be loaded.
        Transient: the disk is full.
    """
    marked = [row for row in held.rows if row.value_of(BACKGROUND)]
    rows = [
        row for row in held.rows if not row.value_of(BACKGROUND) and row.path not in held.learnt
    ]
    both = (contest.candidate, contest.active)
    chosen = choose(rows, contest.candidate.analysis, held.mapping, held.root, None)
    ours, theirs = (_tally(contest, each, rows, held, chosen) for each in both)
    labels = chosen.truth.items()
    asked = [(rows[i], label) for i, label in labels if label not in (None, NATURAL)]
    speakers = contest.candidate.analysis == SPEAKERS
    pairs = (
        Conversations(ours, theirs, [row for row, _ in asked])
        if speakers
        else Pairs(ours, theirs, held.mapping, asked)
    )
    # Where there is no speech, nothing asks for speakers.
    noise = None if speakers else _background(contest, held, bars, marked)
    latency, other_latency = (_latency(tally) for tally in (ours, theirs))
    facts = Verdict(
        analysis=contest.candidate.analysis,
        candidate=contest.candidate.name,
        active=contest.active.name,
        holdout_sha256=held.sha256,
        recordings=len(pairs.paths),
        groups=len(set(pairs.groups)),
        learnt=len([row for row in held.rows if row.path in held.learnt]),
        measure=bars.measure,
        labels=pairs.recalls(),
        lost=tuple(sorted(pairs.known[1] - pairs.known[0])),
        background=noise.found if noise else None,
        latency_ms=latency,
        active_latency_ms=other_latency,
        size_bytes=contest.size_bytes,
    )
    scored = pairs.compared(bars) if pairs.paths else None
    if scored is not None:
        named = ("difference", "low", "high")
        figures = {name: round(getattr(scored, name), 4) for name in named}
        values = {
            "candidate_value": round(scored.candidate, 4),
            "active_value": round(scored.active, 4),
        }
        facts = facts.model_copy(update={**figures, **values})
    first = next(iter(sorted(held.learnt)), None)
    refused = (
        *of_comparison(facts, bars, scored, pairs, first),
        *of_labels(facts, bars, pairs, extended=contest.extended),
        *(of_background(noise.found, noise.clip, contest.active.name, bars) if noise else ()),
        *of_cost(facts, bars, ours),
    )
    return facts.model_copy(update={"refused": refused})


@dataclass(frozen=True)
class _Quiet:
    found: Background
    clip: str | None


def _tally(
    contest: Contest, release: Release, rows: Sequence[Row], held: Held, chosen: Chosen
) -> Tally:
    analysis = release.analysis
    trial = Trial(rows, held.root, {analysis: held.mapping}, {analysis: chosen}, 0)
    return trial.tallies(contest.analyser_of(release))[analysis]


def _background(contest: Contest, held: Held, bars: Bars, marked: Sequence[Row]) -> _Quiet:
    """Answers to the background rows of the manifest, or to generated ones."""
    analysis, rows = contest.candidate.analysis, list(marked)
    if not rows:
        made = background.generate(held.background, only_silence=bars.only_silence)
        rows = [Row(path=str(path.absolute())) for path in made]
    chosen = Chosen(truth=dict.fromkeys(range(len(rows)), BACKGROUND))
    trial = Trial(rows, held.root, {analysis: held.mapping}, {analysis: chosen}, 0)
    shares, clips = [], []
    for release in (contest.candidate, contest.active):
        tally = trial.tallies(contest.analyser_of(release))[analysis]
        loud = [case for case in tally.cases if _loud(case, bars)]
        loud.sort(key=lambda case: -case.answer.confidence)
        shares.append(round(len(loud) / len(rows), 4))
        clips.append(loud[0].row.path if loud else None)
    return _Quiet(
        Background(n=len(rows), candidate=shares[0], active=shares[1], generated=not marked),
        clips[0],
    )


def _loud(case: Case, bars: Bars) -> bool:
    answer = case.answer
    sure = not answer.abstained and answer.confidence >= bars.confidence
    return sure and answer.label not in bars.quiet


def _latency(tally: Tally) -> float | None:
    """CPU time for a second of sound, in ms."""
    return round(1000 * tally.cpu_seconds / tally.seconds, 2) if tally.seconds else None
