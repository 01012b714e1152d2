"""Explains the detections of one sound, chunk by chunk, as text."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cli.terminal.strip import share
from earshot.analysis.findings import Rejected, SceneFindings
from earshot.analysis.outcome import Failed, Skipped
from earshot.analysis.report.parts import Part
from earshot.analysis.types import Interval


@dataclass(frozen=True)
class Asked:
    """The sound in question and its scene; the same if a scene itself is meant."""

    name: str
    scene: str


def explained(asked: Asked, parts: Sequence[Part]) -> Iterator[str]:
    """Lines about every chunk, in order. ``parts``: of all analyses."""
    if asked.name != asked.scene:
        yield f"{asked.name} counts as {asked.scene}"
    for part in sorted(
        (part for part in parts if part.analysis == "scene"), key=lambda part: part.chunk
    ):
        gates = [
            p
            for p in parts
            if p.chunk == part.chunk and isinstance(p.outcome, Skipped) and _is_gated(p.outcome)
        ]
        yield from _chunk(asked, part, gates)


def _chunk(asked: Asked, part: Part, gates: Iterable[Part]) -> Iterator[str]:
    where = f"chunk {part.chunk}  {moment(part.start_ms)}-{moment(part.end_ms)}"
    if isinstance(part.outcome, Failed):
        yield f"{where}  scene failed: {part.outcome.code}: {part.outcome.detail}"
        return
    if isinstance(part.outcome, Skipped):
        yield f"{where}  scene was skipped: {part.outcome.reason}"
        return
    found = SceneFindings.model_validate(part.outcome.findings)
    shares = ", ".join(
        f"{name} {share(value)}"
        for name, value in sorted(found.scores.items(), key=lambda item: -item[1])
    )
    yield f"{where}  is classified as {found.label} ({shares}) by {part.release}"
    if found.heard_ms is None:
        yield (
            "  an earlier version stored this without details;"
            " `earshot rerun ID --analysis scene` repeats the analysis"
        )
        return
    yield from (f"  {line}" for line in _about(asked, found))
    for gate in gates:
        yield (
            f"  {gate.analysis} was skipped: {gate.outcome.reason}"
            if isinstance(gate.outcome, Skipped)
            else ""
        )


def _about(asked: Asked, found: SceneFindings) -> Iterator[str]:
    reported = [event for event in found.events if event.label == asked.scene]
    for event in reported:
        yield (
            f"reported: {asked.scene} {_span(event)}, at most {share(event.peak)},"
            f" {share(event.confidence)} on average"
        )
    for each in (each for each in found.rejected if each.label == asked.scene):
        yield f"rejected: {asked.scene} {_span(each)}, at most {share(each.peak)}: {_reason(each)}"
    if asked.name != asked.scene:
        yield _raw(asked.name, found)
    strongest = ", ".join(
        f"{raw.label} {share(raw.score)} at {moment(raw.at_ms)}" for raw in found.raw[:5]
    )
    yield f"highest scores of the network: {strongest}"


def _reason(each: Rejected) -> str:
    if each.reason == "threshold":
        return f"an event must reach {share(each.limit)}"
    if each.reason == "duration":
        return f"{each.end_ms - each.start_ms} ms, and an event must last {each.limit:.0f} ms"
    return f"fainter than {each.limit:.0f} dBFS, which counts as silence"


def _raw(name: str, found: SceneFindings) -> str:
    for raw in found.raw:
        if raw.label == name:
            return f"{name} itself: at most {share(raw.score)}, at {moment(raw.at_ms)}"
    if all(raw.label in found.scores for raw in found.raw):
        return f"{name} itself: this release does not distinguish AudioSet's classes"
    return (
        f"{name} itself: below {share(found.raw[-1].score)},"
        f" the least of the {len(found.raw)} classes that were kept"
    )


def _is_gated(outcome: Skipped) -> bool:
    return outcome.reason.startswith("scene_")


def _span(span: Interval) -> str:
    return f"{moment(span.start_ms)}-{moment(span.end_ms)}"


def moment(ms: int) -> str:
    """``m:ss.s``: events are shorter than a second."""
    minutes, rest = divmod(ms // 100, 600)
    return f"{minutes}:{rest // 10:02}.{rest % 10}"
