"""The reasons to refuse a candidate, each with its numbers and a recording to listen to."""

from evaluation.figures.tally import Tally
from evaluation.gate.bars import Bars
from evaluation.gate.conversations import Conversations
from evaluation.gate.paired import Paired
from evaluation.gate.pairs import Pairs
from evaluation.gate.verdict import Background, Refusal, Verdict


def of_comparison(
    facts: Verdict,
    bars: Bars,
    scored: Paired | None,
    pairs: Pairs | Conversations,
    learnt: str | None,
) -> list[Refusal]:
    """Too few recordings, or no gain that the interval shows.

    Args:
        learnt: a recording that was left out.
    """
    if facts.recordings < bars.fewest_recordings or facts.groups < bars.fewest_groups:
        detail = (
            f"{facts.recordings} recordings of {facts.groups} groups are left to compare on, after"
            f" {facts.learnt} that {facts.active}, or what {facts.candidate} was trained from, may"
            f" have learnt; {bars.fewest_recordings} of {bars.fewest_groups} groups are needed"
        )
        return [Refusal(code="too_few", detail=detail, clip=learnt)]
    if scored is None or scored.low > 0:
        return []
    detail = (
        f"{bars.measure} {scored.candidate:.3f} against {scored.active:.3f} of {facts.active}:"
        f" difference {scored.difference:+.3f}, 95 % interval {scored.low:+.3f} to"
        f" {scored.high:+.3f} over {facts.groups} groups; its lower bound must be above 0"
    )
    return [Refusal(code="not_better", detail=detail, clip=pairs.lost())]


def of_labels(
    facts: Verdict, bars: Bars, pairs: Pairs | Conversations, *, extended: bool
) -> list[Refusal]:
    """Labels below their bound, and labels that would vanish."""
    refused = []
    for label, found in facts.labels.items():
        low = found.candidate < bars.label_recall
        worse = found.candidate < found.active or label not in pairs.known[1]
        if found.n >= bars.label_fewest and low and worse:
            detail = (
                f"{label}: recall {found.candidate:.3f} of {found.n} recordings, against"
                f" {found.active:.3f}; the bound is {bars.label_recall:g}"
            )
            refused.append(Refusal(code="label_too_low", detail=detail, clip=pairs.lost(label)))
    if facts.lost and not extended:
        detail = (
            f"{facts.candidate} cannot answer {', '.join(facts.lost)}, which {facts.active} can;"
            " train with --base and --extend to keep them"
        )
        clip = next((pairs.lost(label) for label in facts.lost if label in pairs.truth), None)
        refused.append(Refusal(code="labels_lost", detail=detail, clip=clip))
    return refused


def of_background(found: Background, clip: str | None, active: str, bars: Bars) -> list[Refusal]:
    """Background sound that is answered as if there was something."""
    if found.candidate <= bars.background:
        return []
    detail = (
        f"{found.candidate:.3f} of {found.n} background clips are answered with confidence as if"
        f" there was something ({found.active:.3f} by {active}); the bound is {bars.background:g}"
    )
    return [Refusal(code="background", detail=detail, clip=clip)]


def of_cost(facts: Verdict, bars: Bars, ours: Tally) -> list[Refusal]:
    """Recordings that failed, time and size."""
    refused = []
    if ours.left_out:
        first = ours.left_out[0]
        detail = f"{len(ours.left_out)} recordings failed, the first with {first.code}"
        refused.append(Refusal(code="failed", detail=detail, clip=first.path))
    if facts.latency_ms is not None and facts.latency_ms > bars.latency_ms:
        detail = (
            f"{facts.latency_ms:.1f} ms of CPU time for a second of sound; the bound is"
            f" {bars.latency_ms:g}"
        )
        refused.append(Refusal(code="latency", detail=detail))
    if facts.size_bytes is not None and facts.size_bytes > bars.size_mb * 1e6:
        detail = f"{facts.size_bytes / 1e6:.1f} MB; the bound is {bars.size_mb:g}"
        refused.append(Refusal(code="size", detail=detail))
    return refused
