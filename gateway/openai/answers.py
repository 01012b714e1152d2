"""Builds the answers out of a report."""

import zlib
from collections.abc import Iterator
from itertools import count

from earshot.analysis.report.report import Report
from earshot.analysis.report.sections import SpokenWord, Turn
from earshot.analysis.words.spelling import joined
from earshot.exports.cues import Cue, cues
from gateway.openai import shapes
from gateway.openai.options import Options

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Answer:
    """A report in the shapes of OpenAI."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self.turns = [turn for turn in report.turns if turn.text]
        self.deltas = list(_deltas(self.turns))
        """Text of each turn with the space before it, where its script has one."""
        self.text = "".join(self.deltas)
        self._known = bool(report.recording.roles) or "diarization" in report.releases
        """The speakers are told apart by the channels or by diarization."""
        order = dict.fromkeys([*(turn.speaker for turn in self.turns), *_ids(report)])
        named = {speaker.id: speaker.name for speaker in report.speakers if speaker.name}
        labels = (each for each in map(label, count()) if each not in named.values())
        self._labels = {
            speaker: shown
            for speaker, free in zip(order, labels, strict=False)
            for shown in [named.get(speaker, free)]
        }

    def json(self, asked: Options) -> shapes.Transcription | shapes.Verbose | shapes.Diarized:
        """The answer in the JSON that was asked for."""
        if asked.response_format == "verbose_json":
            return self._verbose(asked)
        if asked.response_format == "diarized_json":
            return shapes.Diarized(
                duration=self._seconds(),
                text=self.text,
                segments=list(map(self.diarized, self.turns)),
                usage=self._usage(),
                earshot=self.extras(),
            )
        return shapes.Transcription(text=self.text, usage=self._usage(), earshot=self.extras())

    def _verbose(self, asked: Options) -> shapes.Verbose:
        report = self._report
        segments = [self._segment(number, turn) for number, turn in enumerate(self.turns)]
        words = [_word(word) for turn in self.turns for word in turn.words]
        return shapes.Verbose(
            language=report.transcript_language or report.recording.language,
            duration=self._seconds(),
            text=self.text,
            segments=segments if asked.segments else None,
            words=words if asked.words else None,
            usage=self._usage(),
            earshot=self.extras(),
        )

    def cues(self) -> list[Cue]:
        """Subtitles, with speakers where they are told apart."""
        return cues(self.turns, self._names() if self._known else {})

    def diarized(self, turn: Turn) -> shapes.DiarizedSegment:
        """A turn as a segment with its speaker."""
        return shapes.DiarizedSegment(
            id=turn.id,
            start=turn.start_ms / 1000,
            end=turn.end_ms / 1000,
            text=turn.text,
            speaker=self._labels[turn.speaker],
            earshot=self._of_turn(turn),
        )

    def _segment(self, number: int, turn: Turn) -> shapes.Segment:
        raw = turn.text.encode()
        return shapes.Segment(
            id=number,
            start=turn.start_ms / 1000,
            end=turn.end_ms / 1000,
            text=turn.text,
            compression_ratio=round(len(raw) / len(zlib.compress(raw)), 3),
            earshot=self._of_turn(turn),
        )

    def _of_turn(self, turn: Turn) -> shapes.SegmentExtras:
        emotion = turn.emotion
        return shapes.SegmentExtras(
            turn=turn.id,
            speaker=turn.speaker if self._known else None,
            role=turn.role,
            confidence=turn.confidence,
            emotion=shapes.EmotionExtras(label=emotion.label, confidence=emotion.confidence)
            if emotion
            else None,
        )

    def extras(self) -> shapes.Extras:
        """What OpenAI's shapes have no place for."""
        report = self._report
        language = report.transcript_language
        speakers = [
            shapes.SpeakerExtras(
                label=self._labels[speaker.id],
                id=speaker.id,
                role=speaker.role,
                talk_ms=speaker.talk_ms,
            )
            for speaker in report.speakers
        ]
        return shapes.Extras(
            recording_id=report.recording.id,
            languages=[language] if language else [],
            speakers=speakers if self._known else None,
        )

    def _names(self) -> dict[str, str]:
        """Speakers by the name that a person gave them, or by their role, where it is theirs
        alone, or by their label."""
        speakers = self._report.speakers
        roles = {speaker.id: speaker.name or speaker.role for speaker in speakers}
        named = list(roles.values())
        return {
            speaker: role if (role := roles.get(speaker)) and named.count(role) == 1 else shown
            for speaker, shown in self._labels.items()
        }

    def _seconds(self) -> float:
        return self._report.recording.duration_ms / 1000

    def _usage(self) -> shapes.Usage:
        return shapes.Usage(seconds=self._seconds())


def _ids(report: Report) -> list[str]:
    return [speaker.id for speaker in report.speakers]


def _deltas(turns: list[Turn]) -> Iterator[str]:
    before = ""
    for turn in turns:
        yield joined([before, turn.text])[len(before) :]
        before = turn.text


def _word(word: SpokenWord) -> shapes.Word:
    return shapes.Word(
        word=word.text,
        start=word.start_ms / 1000,
        end=word.end_ms / 1000,
        earshot=shapes.WordExtras(confidence=word.confidence, timing=word.timing),
    )


def label(number: int) -> str:
    """``A`` to ``Z``, then ``AA``, ``AB`` and so on."""
    first, last = divmod(number, len(ALPHABET))
    return (label(first - 1) if first else "") + ALPHABET[last]
