"""The rule of each kind of correction."""

from earshot.analysis.corrections.of_recording import NOISE, ROLES, SCENE
from earshot.analysis.corrections.of_speakers import MERGE, RENAME
from earshot.analysis.corrections.of_turns import BOUNDARIES, EMOTION, SENTIMENT, SPEAKER, TEXT
from earshot.analysis.corrections.rules import Rule
from earshot.analysis.report.corrected import Kind

RULES: dict[Kind, Rule] = {
    "text": TEXT,
    "speaker": SPEAKER,
    "boundaries": BOUNDARIES,
    "emotion": EMOTION,
    "sentiment": SENTIMENT,
    "noise": NOISE,
    "scene": SCENE,
    "rename": RENAME,
    "merge": MERGE,
    "roles": ROLES,
}
