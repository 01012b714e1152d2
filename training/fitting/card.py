"""Writes a model card from an evaluation run, so that no figure is typed by hand."""

import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evaluation.measures.classification import Evaluation

TEXTS = Path(__file__).with_name("cards")


def write_card(
    name: str,
    out: Path,
    sets: Sequence[tuple[str, str]],
    results: Sequence[Evaluation],
    extra: str = "",
) -> None:
    """Writes ``<out>/<name>.md`` for ``<out>/<name>.onnx``, with the texts of
    ``cards/<name>.toml``.

    Args:
        sets: training sets with their licences.
        extra: a section of Markdown before the limits.
    """
    text = tomllib.loads((TEXTS / f"{name}.toml").read_text())
    rows = "\n".join(f"| {source} | {licence} |" for source, licence in sets)
    made = f"{size(out / f'{name}.onnx')} Made by `{command()}`, which also wrote this card."
    licence = f"The weights carry the strictest: **{text['licence']}**"
    sections = [
        f"# {text['title']}",
        f"{text['purpose']}\n\n{text['inputs']}\n\n{made}",
        f"## Data and licence\n\n| set | licence |\n|---|---|\n{rows}\n\n{licence}",
        f"## Measured quality\n\n{text['protocol']}\n\n{summary(results)}",
        *(f"### {result.title}\n\n{per_label(result)}" for result in results),
        *([extra] if extra else []),
        "## What it cannot do\n\n" + "\n".join(f"- {limit}" for limit in text["limits"]),
    ]
    card = "\n\n".join(sections) + "\n"
    (out / f"{name}.md").write_text(card)
    print(card)


def command() -> str:
    """The command line of this process, without machine paths: the module and its arguments."""
    module = sys.modules["__main__"].__spec__
    return " ".join(["python", "-m", module.name if module else "", *sys.argv[1:]])


def size(checkpoint: Path) -> str:
    """Size on disk and, for networks, the number of weights."""
    import onnx

    graph: Any = onnx.load(str(checkpoint), load_external_data=False).graph
    weights = sum(int(np.prod(tensor.dims)) for tensor in graph.initializer)
    network = any(node.op_type == "Conv" for node in graph.node)
    return f"{checkpoint.stat().st_size / 1024:.0f} KB" + (
        f", {weights:,} weights." if network else "."
    )


def summary(results: Sequence[Evaluation]) -> str:
    """One line per evaluation; nothing if quality is measured otherwise and described in the
    protocol."""
    if not results:
        return ""
    lines = [
        "| on | recordings | accuracy | macro F1 | UAR (95 % interval) | ECE |",
        "|---|---|---|---|---|---|",
    ]
    for r in results:
        interval = f"{r.uar:.3f} ({r.uar_low:.3f}-{r.uar_high:.3f})"
        lines.append(
            f"| {r.title} | {r.count} | {r.accuracy:.3f} | {r.macro_f1:.3f} | {interval} |"
            f" {r.ece:.3f} |"
        )
    return "\n".join(lines)


def per_label(result: Evaluation) -> str:
    """Recall and precision of every label that occurs, and its confusions with those that occur or
    were answered."""
    matrix = np.array(result.confusion)
    shown = np.flatnonzero(matrix.sum(axis=0) + matrix.sum(axis=1)).tolist()
    lines = [
        "| label | recordings | recall | precision |"
        f" {' | '.join(f'→ {result.labels[i]}' for i in shown)} |"
    ]
    lines.append("|---" * (4 + len(shown)) + "|")
    for (label, count, recall, precision), row in zip(result.rows(), result.confusion, strict=True):
        if count:
            went = " | ".join(str(row[i]) for i in shown)
            lines.append(f"| {label} | {count} | {recall:.2f} | {precision:.2f} | {went} |")
    return "\n".join(lines)
