"""The section of scene: labels and sound events over time, and the label of the whole recording."""

from dataclasses import dataclass

from earshot.analysis.findings import Classification, SceneFindings
from earshot.analysis.report.parts import Evidence, with_bounds
from earshot.analysis.report.prevailing import scene_of
from earshot.analysis.report.registered import ReportFields
from earshot.analysis.report.sections import Sound, Stretch
from earshot.analysis.report.timeline import merge_labels, merge_sounds


@dataclass(frozen=True)
class SceneFields(ReportFields):
    """See the fields of the report."""

    scene: tuple[Stretch, ...]
    scene_overall: Classification | None
    sounds: tuple[Sound, ...]


def section(evidence: Evidence) -> SceneFields:
    """The scenes of all chunks, joined over their borders."""
    scenes = with_bounds(evidence.found("scene", SceneFindings), evidence.bounds())
    return SceneFields(
        scene=merge_labels(
            (interval, bounds) for found, bounds in scenes for interval in found.intervals
        ),
        scene_overall=scene_of(scenes),
        sounds=merge_sounds((event, bounds) for found, bounds in scenes for event in found.events),
    )
