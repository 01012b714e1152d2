"""``earshot evaluate``: measures analyses on labelled recordings, prints one table, writes
``metrics.json`` and pictures."""

import logging
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rich.progress import track
from rich.table import Table

from cli.terminal.console import notices, say, show
from earshot.analysis.errors import BAD_AUDIO_CODES, Misconfigured
from earshot.analysis.request import check_names
from earshot.audio.plan import PlanLimits
from earshot.pipeline.releases import gate_release
from earshot.registry import analyses
from earshot.settings import settings
from evaluation import label_map, manifest, releases
from evaluation.choice import Chosen, choose
from evaluation.figures import picture
from evaluation.metrics import (
    Classified,
    Diarized,
    LeftOut,
    Measured,
    Metrics,
    OfSource,
    Transcribed,
)
from evaluation.run import Trial
from workers.direct import Analyser

NAMED = 5
"""Maximum number of unmeasured recordings named on the terminal; metrics.json names all."""


def evaluate(
    rows_of: Path,
    root: Path,
    names: Sequence[str],
    checkpoints: Sequence[str],
    *,
    labels: Path | None,
    limit: int | None,
    collar: float,
    out: Path,
) -> int:
    """Measures the named analyses, or all that the manifest has labels for. Returns 1 if a labelled
    recording could not be measured.

    Raises:
        Misconfigured: a name, a path, a line of the manifest or a checkpoint is wrong, or there is
            nothing to measure.
    """
    _check(names, root, labels, out)
    logging.getLogger("workers").setLevel(
        logging.CRITICAL
    )  # failures are reported at the end, in a line and in metrics.json
    rows = manifest.read(rows_of)
    maps = {
        name: label_map.read(name, labels or label_map.MAPS)
        for name in analyses()
        if not names or name in names
    }
    chosen = {name: choose(rows, name, mapping, root, limit) for name, mapping in maps.items()}
    wanted = _wanted(rows_of, chosen, named=bool(names))
    with tempfile.TemporaryDirectory(prefix="earshot-evaluate-") as folder:
        trial = Trial(
            rows, root, maps, {name: chosen[name] for name in wanted}, round(collar * 1000)
        )
        metrics = trial.measure(_analyser(wanted, checkpoints, Path(folder)), _watched)
    out.write_text(metrics.model_dump_json(indent=1) + "\n", encoding="utf-8")
    show(_table(metrics))
    _draw(metrics, out)
    return _tell(metrics, out)


def _analyser(names: Sequence[str], checkpoints: Sequence[str], folder: Path) -> Analyser:
    """With all checkpoints loaded, so that a wrong one is reported before anything is decoded."""
    config = settings()
    limits = PlanLimits.of_seconds(
        config.chunk_duration_sec, config.chunk_max_sec, config.overlap_sec
    )
    answering = releases.chosen(names, checkpoints, folder)
    releases.load_all(answering, config.device)
    return Analyser(
        f"file://{folder}/audio", answering, limits, config.device, config.language, gate_release()
    )


def _check(names: Sequence[str], root: Path, labels: Path | None, out: Path) -> None:
    if names:
        check_names(names)
    for option, folder in (("--root", root), ("--labels", labels), ("--out", out.parent)):
        if folder is not None and not folder.is_dir():
            raise Misconfigured("folder", f"{option}: there is no folder {folder}")


def _wanted(rows_of: Path, chosen: dict[str, Chosen], *, named: bool) -> tuple[str, ...]:
    empty = [name for name, each in chosen.items() if not each.truth]
    if len(empty) == len(chosen) or (named and empty):
        what = f"for {', '.join(empty)}" if named else "for any analysis"
        raise Misconfigured(
            "manifest",
            f"no row of {rows_of} has a label {what};"
            " docs/evaluation.md says how rows are labelled",
        )
    return tuple(name for name in chosen if name not in empty)


def _watched(positions: Sequence[int]) -> Iterable[int]:
    console = notices()
    return track(
        positions, "listening", console=console, transient=True, disable=not console.is_terminal
    )


def _table(metrics: Metrics) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in (
        "analysis",
        "recordings",
        "of which unseen",
        "not measured",
        "measured",
        "RTF",
        "release",
    ):
        right = name in ("recordings", "of which unseen", "not measured", "RTF")
        table.add_column(name, justify="right" if right else "left", no_wrap=True)
    for name, each in metrics.root.items():
        missing = len(each.left_out) + sum(each.unanswered.values())
        rtf = "-" if each.rtf is None else f"{each.rtf:.4f}"
        table.add_row(
            name, str(each.n), _unseen(each), str(missing), _figures(each), rtf, each.release
        )
    return table


def _unseen(each: Classified | Transcribed | Diarized) -> str:
    """Recordings of sets outside the release's training data."""
    return _unseen_of(each.per_source)


def _unseen_of(sources: Mapping[str, OfSource]) -> str:
    if any(part.trained_on is None for part in sources.values()):
        return "?"
    return str(sum(part.n for part in sources.values() if not part.trained_on))


def _figures(each: Measured) -> str:
    if isinstance(each, Classified) and (each.n or each.natural):
        return "\n".join(filter(None, (_answers(each), _natural(each))))
    if isinstance(each, Transcribed) and each.wer is not None:
        return f"WER {each.wer:.3f}  CER {each.cer:.3f}  of {each.words} words"
    if isinstance(each, Diarized) and each.der is not None:
        parts = (
            f"missed detection {each.missed_detection:.3f}, false alarm {each.false_alarm:.3f},"
            f" confusion {each.confusion:.3f}"
        )
        overlap = "" if each.overlap_f1 is None else f"; overlap F1 {each.overlap_f1:.3f}"
        collar = f"collar {each.collar_seconds:g} s, overlap counted"
        return f"DER {each.der:.3f}: {parts}{overlap}; {collar}"
    return "nothing"


def _answers(each: Classified) -> str:
    if not each.n:
        return ""
    covered = f"  answered {each.coverage:.3f}" if each.coverage not in (None, 1.0) else ""
    return (
        f"accuracy {each.accuracy:.3f}  macro F1 {each.macro_f1:.3f}  UAR {each.uar:.3f}"
        f" ({each.uar_low:.3f}-{each.uar_high:.3f})  ECE {each.ece:.3f}{covered}"
    )


def _natural(each: Classified) -> str:
    if each.natural is None:
        return ""
    return (
        f"natural speech, {each.natural.n} turns ({_unseen_of(each.natural_per_source)} unseen):"
        f" not neutral {each.natural.called:.3f}, with confidence >= 0.5"
        f" {each.natural.confident:.3f}, unclear {each.natural.unclear:.3f}"
    )


def _draw(metrics: Metrics, out: Path) -> None:
    try:
        for name, each in metrics.root.items():
            if isinstance(each, Classified) and each.n:
                title = f"{name}, {each.release}: {each.n} recordings"
                picture.draw(
                    out.with_name(f"{out.stem}-{name}.png"), title, each.labels, each.confusion
                )
    except ImportError:
        say(
            "no pictures of the confusion matrices: matplotlib is missing;"
            " pip install -r requirements/evaluate.txt"
        )


def _tell(metrics: Metrics, out: Path) -> int:
    """Prints the unmeasured recordings, and where everything is written."""
    reasons = [
        f"{name} {why} {n}"
        for name, each in metrics.root.items()
        for why, n in each.unanswered.items()
    ]
    if reasons:
        say(f"nothing to analyse in: {', '.join(reasons)}")
    beyond = [
        f"{name} {label} {n}"
        for name, each in metrics.root.items()
        for label, n in each.passed_over.uncovered.items()
    ]
    if beyond:
        say(f"labels that the release cannot give: {', '.join(beyond)}")
    say(f"all figures: {out}")
    left_out = {
        (item.path, item.code): item for each in metrics.root.values() for item in each.left_out
    }
    if left_out:
        named = [_named(item) for item in list(left_out.values())[:NAMED]]
        more = f" and {len(left_out) - NAMED} more" if len(left_out) > NAMED else ""
        say(f"{len(left_out)} recordings could not be measured: {', '.join(named)}{more}")
    return 1 if left_out else 0


def _named(item: LeftOut) -> str:
    """A code describes bad audio well enough; a failed analysis needs its detail."""
    return (
        f"{item.path}"
        f" ({item.code if item.code in BAD_AUDIO_CODES else f'{item.code}: {item.detail[:120]}'})"
    )
