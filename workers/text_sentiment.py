"""Sentiment of the words, turn by turn, under the model of the speaker's role (002-19)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from earshot.analysis.findings import Scores
from earshot.analysis.report.sections import Transcript, Turn
from earshot.analysis.text_sentiment.findings import TextSentimentFindings, TurnScores, digest_of
from earshot.analysis.text_sentiment.rule import LEAST_WORDS, FusionRule, NotScored
from earshot.analysis.types import Release
from earshot.audio.clip import Clip
from earshot.models.runtimes import open_release
from earshot.models.scoring import rounded
from earshot.models.text.by_path import identity, open_path
from earshot.models.text.model import TextModel, TooLong
from earshot.settings import settings

FINDINGS = TextSentimentFindings
ALL = ""
"""Stands for roles without a model of their own, and for speakers without a role."""


@dataclass(frozen=True)
class Models:
    """Role to the name of its model and the model; ``ALL`` is always there."""

    by_role: Mapping[str, tuple[str, TextModel]]
    rule: FusionRule

    def of(self, role: str | None) -> tuple[str, TextModel]:
        """Name and model for a role."""
        return self.by_role.get(role or ALL, self.by_role[ALL])


def load(release: Release, device: str) -> Models:
    """Opens the release, and the models that settings name for customers and agents (002-46).

    Raises:
        Misconfigured: as ``open_release`` and ``open_path``.
    """
    config = settings()
    paths = {"customer": config.client_text_model_path, "agent": config.agent_text_model_path}
    opened: dict[Path, tuple[str, TextModel]] = {}
    found = {ALL: (release.name, open_release(release, device, config))}
    for role, path in paths.items():
        if path is not None:
            if path not in opened:
                opened[path] = (identity(path), open_path(path, device))
            found[role] = opened[path]
    return Models(found, FusionRule(text_weight=config.fusion_text_weight))


def analyze(model: Models, clips: Sequence[Clip]) -> list[TextSentimentFindings]:
    """Scores of every turn, or why it has none."""
    return [_scored(model, clip.transcript()) for clip in clips]


def _scored(models: Models, transcript: Transcript) -> TextSentimentFindings:
    return TextSentimentFindings(
        language=transcript.language,
        turns=tuple(_turn(models, transcript.language, turn) for turn in transcript.turns),
        models={role: name for role, (name, _) in models.by_role.items()},
        rule=models.rule,
    )


def _turn(models: Models, language: str | None, turn: Turn) -> TurnScores:
    name, model = models.of(turn.role)
    found = _scores(model, language, turn)
    reason = found if isinstance(found, str) else None
    return TurnScores(
        **turn.model_dump(include={"start_ms", "end_ms", "channel", "speaker"}),
        digest=digest_of(turn.text),
        words=len(turn.words),
        scores=None if isinstance(found, str) else found,
        reason=reason,
        model=None if reason else name,
    )


def _scores(model: TextModel, language: str | None, turn: Turn) -> Scores | NotScored:
    if not turn.text.strip():
        return "no_words" if turn.transcribed else "not_transcribed"
    if model.languages is not None and (language or "").split("-")[0] not in model.languages:
        return "language_unsupported"
    if len(turn.words) < LEAST_WORDS:
        return "too_short"
    try:
        shares = model.shares(turn.text)
    except TooLong:
        return "too_long"
    return "no_words" if shares is None else rounded(model.labels, shares)
