"""The rule of each kind of correction."""

from earshot.analysis.corrections.of_recording import NOISE, ROLES
from earshot.analysis.corrections.of_speakers import MERGE, RENAME
from earshot.analysis.corrections.of_turns import BOUNDARIES, EMOTION, SPEAKER, TEXT
from earshot.analysis.corrections.rules import Rule
from earshot.analysis.report.corrected import Kind

RULES: dict[Kind, Rule] = {
    "text": TEXT,
    "speaker": SPEAKER,
    "boundaries": BOUNDARIES,
    "emotion": EMOTION,
    "noise": NOISE,
    "rename": RENAME,
    "merge": MERGE,
    "roles": ROLES,
}
