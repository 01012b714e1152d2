"""The answers that a label by a person would teach most."""

import math
from collections.abc import Mapping
from typing import Literal
from uuid import UUID

from psycopg.types.json import Jsonb

from earshot.analysis.types import Frozen
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries

SQL = queries("label_queue")

Analysis = Literal["emotion", "noise", "scene", "sentiment"]
RECORDINGS = 2_000
"""The newest ones are searched."""
DRAWN = 0.1
"""Share that is drawn by lot."""
LEAST_MS = 500
RARE = 0.05
SIDES = {"happy": 1, "positive": 1, "angry": -1, "sad": -1, "frustrated": -1, "anxious": -1,
         "negative": -1}  # fmt: skip
"""Labels that are opposed."""
AGAINST = {
    "words": "its words have the opposite sentiment",
    "sentiment": "its voice has the opposite sentiment",
    "emotion": "its emotion is of the opposite kind",
    "no_speech": "no speech was detected there, and no words recognised",
    "transcript": "words were recognised there",
    "speech": "speech was detected there",
    "silence": "scene is silence there",
}


class Candidate(Frozen):
    """An answer, and what it is worth."""

    id: UUID
    """Of the recording."""
    file_name: str
    channel: int | None
    speaker: str | None
    start_ms: int
    end_ms: int
    label: str
    uncertainty: float
    """1 less the margin between the best two answers; of stretches 1 less the confidence."""
    against: str | None
    """Key of ``AGAINST``."""
    share: float
    """Of the label among the answers that were searched."""
    score: float
    """The uncertainty in tenths, 0.09 for disagreement, and up to 0.009 for a rare label."""
    drawn: bool
    """By lot, regardless of its score."""

    @property
    def why(self) -> tuple[str, ...]:
        """The reasons, in words."""
        if self.drawn:
            return ("drawn by lot: an evaluation needs what is not chosen",)
        found = [f"uncertain by {self.uncertainty:.2f}"]
        if self.against:
            found.append(AGAINST[self.against])
        if self.share < RARE:
            found.append(f"rare: {self.share:.1%} of the answers are {self.label}")
        return tuple(found)


def queue(
    connection: Connection,
    analysis: Analysis,
    count: int,
    seed: int,
    train_on: Mapping[str, bool],
    tenant: str | None = None,
) -> list[Candidate]:
    """The best ``count`` answers among those of the newest recordings that have sound: the most
    uncertain first, then those that other analyses contradict, then rare labels; one of a recording
    and speaker. A tenth is drawn by lot, and comes last.

    Args:
        seed: of the lot.
        train_on: the setting; forbidden sources are left out, as are labels given before.
    """
    args = {
        "analysis": analysis,
        "n": count,
        "drawn": math.ceil((count - 1) * DRAWN),  # of one none: it is the best
        "seed": seed,
        "recordings": RECORDINGS,
        "least_ms": LEAST_MS,
        "sides": Jsonb(SIDES),
        "tenant": tenant,
        "sources": ["", *train_on],
        "forbidden": [None, *(None if allowed else 1.0 for allowed in train_on.values())],
    }
    rows = connection.execute(SQL["queue"], args)
    return [Candidate.model_validate(row) for row in rows]
