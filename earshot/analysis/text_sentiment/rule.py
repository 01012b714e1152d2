"""Why words are not scored, and how their sentiment is fused with that of the voice."""

from typing import Literal

from pydantic import Field

from earshot.analysis.findings import Share
from earshot.analysis.types import Frozen

NotScored = Literal[
    "no_words", "too_short", "language_unsupported", "not_transcribed", "too_long", "corrected",
    "other_role", "outdated",
]  # fmt: skip
"""``no_words``: speech without recognised words, or no turn with words. ``too_short``: fewer than
``LEAST_WORDS``. ``too_long``: more than the model reads at once. ``corrected``: a person rewrote
the words after they were scored. ``other_role``: a correction of roles gave the turn to the role of
another model. ``outdated``: these words are newer than the scores."""
LEAST_WORDS = 2


class FusionRule(Frozen):
    """How sentiment of text and of voice are fused (C-07)."""

    text_weight: Share = Field(
        default=0.6, description="Weight of the text's distribution; the voice's has the rest."
    )
    least_confidence: Share = Field(
        default=0.5,
        description=(
            "Below this confidence of the text the voice alone counts: the text's answer is more"
            " often wrong than right then."
        ),
    )
