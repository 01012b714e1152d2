"""Sections of the card: unseen corpora, what is answered, and natural speech."""

from collections.abc import Iterator
from itertools import pairwise

from evaluation.measures.classification import Evaluation, confusion, evaluate, uar
from training.data import emotional_speech
from training.fitting.crossval import Floats
from training.fitting.nested import Mask
from training.fitting.prior import COVERAGE
from training.recipes.sentiment.data import LABELS, NEUTRAL, Speech
from training.recipes.sentiment.unseen import Unseen

SURE = 0.5
BINS = (0.0, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0)


def of_corpora(role: str, held: Unseen) -> Iterator[Evaluation]:
    """Metrics on each acted corpus, by models trained on the others, and on all of them."""
    speech, shares = held.speech, held.shares
    for over, each in zip(("", ", over telephone codecs"), shares, strict=True):
        acted = ~speech.natural
        title = f"{role}: unseen corpora, all four{over}"
        yield evaluate(title, LABELS, speech.truth[acted], each[acted], speech.groups[acted])
    for name, _ in emotional_speech.SETS:
        part = speech.sources == name
        title = f"{role}: unseen corpus {name}"
        yield evaluate(title, LABELS, speech.truth[part], shares[0][part], speech.groups[part])


def coverage(role: str, held: Unseen) -> str:
    """What is answered of each unseen corpus, and how well."""
    speech, shares, answered = held.speech, held.shares[0], held.answered()
    parts = {"all four": ~speech.natural}
    parts |= {name: speech.sources == name for name, _ in emotional_speech.SETS}
    lines = [
        "| unseen corpus | recordings | answered | UAR, answered | UAR, all | UAR of one label |",
        "|---|---|---|---|---|---|",
    ]
    for name, part in parts.items():
        told = part & answered
        lines.append(
            f"| {name} | {part.sum()} | {told.sum() / part.sum():.2f} |"
            f" {_uar(speech, shares, told):.3f} | {_uar(speech, shares, part):.3f} |"
            f" {1 / len(LABELS):.3f} |"
        )
    table = "\n".join(lines)
    return f"""## What {role} answers on unseen corpora

An answer whose largest share is below a threshold abstains: its label is `unclear`. The threshold
is the share that {COVERAGE:.0%} of the acted recordings of the other corpora reach; that of the
release, fitted on all of them, is {held.prior().answered_from:.3f}.

{table}"""


def natural(role: str, held: Unseen) -> str:
    """How often natural speech is called negative or positive, by source and by confidence."""
    speech, shares, answered = held.speech, held.shares, held.answered()
    sources = {"all": speech.natural}
    sources |= {
        name: speech.sources == name for name in sorted(set(speech.sources[speech.natural]))
    }
    lines = [
        "| source | utterances | negative or positive | of these sure (0.5 and more) | unclear |",
        "|---|---|---|---|---|",
    ]
    for name, part in sources.items():
        called = part & answered & (shares[0].argmax(axis=1) != NEUTRAL)
        sure = called & (shares[0].max(axis=1) >= SURE)
        shown = (f"{(each.sum() / part.sum()):.3f}" for each in (called, sure, part & ~answered))
        lines.append(f"| {name} | {part.sum()} | {' | '.join(shown)} |")
    by_source = "\n".join(lines)
    return f"""## Natural speech under {role}

Readers, speeches, meetings and calls, where nobody acted: all of it counts as neutral. Each source
is answered by a model trained without it (and without one acted corpus).

{by_source}

{_by_confidence(speech, shares[0])}"""


def _by_confidence(speech: Speech, shares: Floats) -> str:
    lines = ["| confidence | neutral | negative or positive |", "|---|---|---|"]
    top, neutral = shares.max(axis=1), shares.argmax(axis=1) == NEUTRAL
    for low, high in pairwise(BINS):
        inside = speech.natural & (top >= low) & ((top < high) | (high == BINS[-1]))
        counts = f"{(inside & neutral).sum()} | {(inside & ~neutral).sum()}"
        lines.append(f"| {low:.1f} to {high:.1f} | {counts} |")
    return "\n".join(lines)


def _uar(speech: Speech, shares: Floats, part: Mask) -> float:
    return uar(confusion(speech.truth[part], shares[part].argmax(axis=1), len(LABELS)))
