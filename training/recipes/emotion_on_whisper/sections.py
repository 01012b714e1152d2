"""Sections of the card about natural speech, and about the choices of the recipe."""

from itertools import pairwise

import numpy as np

from training.recipes.emotion_on_whisper.data import NEUTRAL
from training.recipes.emotion_on_whisper.head import Calibration, Floats
from training.recipes.emotion_on_whisper.protocol import RECORDED, SHORT, TELEPHONE, Protocol
from training.recipes.emotion_on_whisper.short import emotional

BINS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)
LENGTHS = (0.3, 0.6, 0.9, 1.2, 2.0, 4.0, 1e9)


def natural(protocol: Protocol) -> str:
    """How much of speech that was not acted is called happy, sad, angry or surprised."""
    rows = protocol.found.natural
    source, voice = protocol.found.source[rows], protocol.found.voice[rows]
    alone = protocol.by_fold(rows, RECORDED)
    line = protocol.by_fold(rows, TELEPHONE)
    short = protocol.by_fold(rows, SHORT)
    by_voice = protocol.by_voice(alone, rows)
    least = {take: protocol.least_of_natural(take) for take in (RECORDED, TELEPHONE, SHORT)}
    ways = (
        ("each utterance by itself", alone, RECORDED),
        ("the same through a telephone codec", line, TELEPHONE),
        ("pieces of 0.3 to 1.2 s of them", short, SHORT),
        ("against the ordinary voice of its recording", by_voice, RECORDED),
    )
    lines = [
        "| judged | source | utterances | emotional | with confidence >= 0.5 | unclear |",
        "|---|---|---|---|---|---|",
    ]
    for title, shares, take in ways:
        names = np.unique(source).tolist()
        each = emotional(shares, least[take])
        rates = [each[source == name].mean(axis=0) for name in names]
        lines.append(_line(title, "all", len(source), each.mean(axis=0)))
        lines.append(_line(title, "mean of sources", len(source), np.mean(rates, axis=0)))
        lines += [
            _line(title, name, int((source == name).sum()), rate)
            for name, rate in zip(names, rates, strict=True)
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

The least share of an answer falls with the length of the speech that it rests on. By length,
utterances and pieces of them together, each by a head and a least share without its source or
corpus; "without" asks {protocol.calibration.answered_from:.3f} of speech of any length:

{_by_length(protocol)}

## Choices

Weight of natural speech and decay were chosen for each corpus on the others
({chosen}); the shipped head has
weight {shipped.natural:g} and decay {shipped.decay:g}, the best over
all corpora left out in turn. It answers from a share of
{_least(protocol.calibration)} on. Its temperature is the
exponential of {_terms(protocol.calibration.temperature)}."""


def _by_length(protocol: Protocol) -> str:
    """Natural speech and acted speech of unseen corpora by length, with what is asked of short
    speech and without."""
    found, rows = protocol.found, protocol.found.natural
    takes = RECORDED, SHORT
    natural = np.concatenate([protocol.by_fold(rows, take) for take in takes])
    asked = np.concatenate([protocol.least_of_natural(take) for take in takes])
    seconds = np.concatenate([found.seconds[take, rows] for take in takes])
    flat = np.full_like(asked, protocol.calibration.answered_from)
    acted = [
        (found.seconds[take, protocol.of(corpus)], found.kind[protocol.of(corpus)], shares, least)
        for take in takes
        for corpus, shares, least in protocol.unseen_corpora(take)
    ]
    long, kind, shares, least = (np.concatenate(each) for each in zip(*acted, strict=True))
    lines = [
        "| speech | natural: pieces | emotional | >= 0.5 | unclear | without: emotional | >= 0.5 |"
        " unclear | acted: pieces | answered | right of those |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for low, high in pairwise(LENGTHS):
        here, there = (seconds >= low) & (seconds < high), (long >= low) & (long < high)
        after, before = (
            emotional(natural[here], each[here]).mean(axis=0) for each in (asked, flat)
        )
        answered = shares[there].max(axis=1) >= least[there]
        right = (shares[there].argmax(axis=1) == kind[there])[answered]
        cells = [
            f"{low:g} to {high:g} s" if high < LENGTHS[-1] else f"{low:g} s and more",
            str(int(here.sum())),
            *(f"{each:.3f}" for each in (*after, *before)),
            str(int(there.sum())),
            f"{answered.mean():.3f}",
            f"{right.mean():.3f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


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


def _least(found: Calibration) -> str:
    return (
        f"{found.answered_from:.3f} + {found.short:.2f} exp(-seconds / {found.short_ms / 1000:g})"
    )


def _terms(coefficients: Floats) -> str:
    constant, length, contrast = (float(each) for each in coefficients)
    return (
        f"{constant:.3f} {length:+.3f} ln(seconds / 2) {contrast:+.3f} (contrast / 10 dB - 2),"
        " where contrast is that of the loud frames over the faint ones"
    )
