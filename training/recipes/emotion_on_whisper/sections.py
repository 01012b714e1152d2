"""Sections of the card about natural speech, and about the choices of the recipe."""

from itertools import pairwise

import numpy as np

from training.recipes.emotion_on_whisper.data import NEUTRAL
from training.recipes.emotion_on_whisper.head import Floats
from training.recipes.emotion_on_whisper.protocol import RECORDED, SHORT, TELEPHONE, Protocol

BINS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)


def natural(protocol: Protocol) -> str:
    """How much of speech that was not acted is called happy, sad, angry or surprised."""
    rows = protocol.found.natural
    source, voice = protocol.found.source[rows], protocol.found.voice[rows]
    alone = protocol.by_fold(rows, RECORDED)
    line = protocol.by_fold(rows, TELEPHONE)
    short = protocol.by_fold(rows, SHORT)
    by_voice = protocol.by_voice(alone, rows)
    least = protocol.calibration.answered_from
    ways = (
        ("each utterance by itself", alone),
        ("the same through a telephone codec", line),
        ("pieces of 0.3 to 1.2 s of them", short),
        ("against the ordinary voice of its recording", by_voice),
    )
    lines = [
        "| judged | source | utterances | emotional | with confidence >= 0.5 | unclear |",
        "|---|---|---|---|---|---|",
    ]
    for title, shares in ways:
        names = np.unique(source).tolist()
        rates = [_rates(shares[source == name], least) for name in names]
        lines.append(_line(title, "all", len(source), _rates(shares, least)))
        lines.append(_line(title, "mean of sources", len(source), np.mean(rates, axis=0)))
        lines += [
            _line(title, name, int((source == name).sum()), each)
            for name, each in zip(names, rates, strict=True)
        ]
    chosen = ", ".join(
        f"{corpus}: {each.natural:g}, {each.decay:g}"
        for corpus, each in ((c, protocol.chosen_for(c)) for c in protocol.corpora)
    )
    shipped = protocol.shipped
    return f"""## Natural speech

Utterances of {len(np.unique(voice))} recordings that were not acted, each judged by a head that
learnt of no recording of its source; "emotional" is any answer but neutral and unclear.

{chr(10).join(lines)}

By confidence, each utterance by itself: {_bins(alone)}.

## Choices

Weight of natural speech and decay were chosen for each corpus on the others
({chosen}); the shipped head has
weight {shipped.natural:g} and decay {shipped.decay:g}, the best over
all corpora left out in turn. It answers from a share of {least:.3f} on. Its temperature is the
exponential of {_terms(protocol.calibration.temperature)}."""


def _rates(shares: Floats, least: float) -> Floats:
    """Shares of utterances that are called emotional, that with confidence, and unclear."""
    top, label = shares.max(axis=1), shares.argmax(axis=1)
    emotional = (label != NEUTRAL) & (top >= least)
    return np.array([emotional.mean(), (emotional & (top >= 0.5)).mean(), (top < least).mean()])


def _line(title: str, name: str, count: int, rates: Floats) -> str:
    return f"| {title} | {name} | {count} | {' | '.join(f'{each:.3f}' for each in rates)} |"


def _bins(shares: Floats) -> str:
    top, emotional = shares.max(axis=1), shares.argmax(axis=1) != NEUTRAL
    found = []
    for low, high in pairwise(BINS):
        part = (top >= low) & (top < high)
        if part.any():
            counts = f"{int(emotional[part].sum())} of {int(part.sum())}"
            found.append(f"{low:g} to {min(high, 1):g}: {counts} not neutral")
    return ", ".join(found)


def _terms(coefficients: Floats) -> str:
    constant, length, contrast = (float(each) for each in coefficients)
    return (
        f"{constant:.3f} {length:+.3f} ln(seconds / 2) {contrast:+.3f} (contrast / 10 dB - 2),"
        " where contrast is that of the loud frames over the faint ones"
    )
