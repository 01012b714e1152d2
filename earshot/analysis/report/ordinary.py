"""Judges how utterances of one voice are spoken against how that voice sounds on the whole.

A network hears who speaks as much as how: one reader sounds angry to it in every sentence, another
happy. A shift of all shares of a voice towards those of ordinary speech removes that, as the
normalisation of features by speaker does (Busso et al. 2013, Iterative feature normalization scheme
for automatic emotion detection from speech): for a linear head over frozen features the two are the
same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log

from earshot.analysis.emotion.findings import Emotion, Judging
from earshot.analysis.findings import Scores

LEAST = 1e-4
"""Shares are rounded to that; their logarithm needs more than 0."""


@dataclass(frozen=True)
class OrdinaryVoice:
    """The shift of one voice, by label, in natural logarithms."""

    judging: Judging
    shift: Mapping[str, float]

    def judged(self, scores: Scores) -> Scores:
        """Shares of an utterance of this voice."""
        raised = {
            label: max(share, LEAST) * exp(-self.shift[label]) for label, share in scores.items()
        }
        total = sum(raised.values())
        return {label: share / total for label, share in raised.items()}


def ordinary_voice(judging: Judging, utterances: Sequence[tuple[Emotion, float]]) -> OrdinaryVoice:
    """The voice of one person.

    Args:
        utterances: all of the person's in the recording, with the ms of each.
    """
    total = sum(weight for _, weight in utterances)
    trust = (1 - judging.kept) * total / (total + judging.ordinary_ms)
    shift = {}
    for label, usual in judging.ordinary.items():
        logs = sum(log(max(each.scores[label], LEAST)) * weight for each, weight in utterances)
        shift[label] = trust * (logs / total - usual) if total else 0.0
    return OrdinaryVoice(judging, shift)


def unknown_voice(judging: Judging) -> OrdinaryVoice:
    """A voice that nothing is known of: each utterance is judged by itself."""
    return OrdinaryVoice(judging, dict.fromkeys(judging.ordinary, 0.0))
