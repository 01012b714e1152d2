"""A report while corrections are applied to it."""

from collections.abc import Sequence
from uuid import UUID

from earshot.analysis.corrections.finding import Answered
from earshot.analysis.corrections.lanes import Lane
from earshot.analysis.corrections.records import Voice
from earshot.analysis.figures.made import Talk, conversation
from earshot.analysis.figures.sections import Conversation
from earshot.analysis.figures.spoken import moved
from earshot.analysis.findings import UNCLEAR, SpeakerTurn
from earshot.analysis.report.pooling import classify
from earshot.analysis.report.prevailing import scene_of_stretches
from earshot.analysis.report.report import Report
from earshot.analysis.report.sections import (
    Speaker,
    TranscriptConfidence,
    Turn,
    VoiceSentiment,
)
from earshot.analysis.text_sentiment.by_speaker import pooled_voice
from earshot.analysis.text_sentiment.corrected import corrected
from earshot.analysis.topics.findings import with_turns


class Draft:
    """The current state of every part that can be corrected, beside the answers."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.answered = Answered(report)
        self.turns: dict[str, Turn] = dict(self.answered.turns)
        self.marks: dict[str, list[str]] = {}
        """Id of a turn to what is corrected in it."""
        self.names: dict[str, str] = {}
        self.merged: dict[str, str] = {}
        """Id of a speaker to that of the one that it is part of."""
        self.made: dict[UUID, str] = {}
        """The request that made a speaker, to the id of that speaker now."""
        self.roles = report.recording.roles
        self.noise = Lane(report.noise.timeline if report.noise else None)
        self.scene = Lane(report.scene or None)
        self.roles_marked = False

    def change(self, turn_id: str, mark: str, **fields: object) -> None:
        """Changes fields of a turn."""
        self.turns[turn_id] = self.turns[turn_id].model_copy(update=fields)
        marks = self.marks.setdefault(turn_id, [])
        if mark not in marks:
            marks.append(mark)

    def speaker_of(self, voice: Voice) -> str | None:
        """The id that a speaker has now; None if it is not there."""
        found = self.unmerged(voice)
        return None if found is None else self.remaining(found)

    def unmerged(self, voice: Voice) -> str | None:
        """The id that a speaker has now if merges are left out; None if it is not there."""
        return self.made.get(voice.made) if voice.made else self.answered.speaker(voice)

    def remaining(self, speaker: str) -> str:
        """The id of the speaker that an answered one is part of: its own, unless merged."""
        while speaker in self.merged:
            speaker = self.merged[speaker]
        return speaker

    def make_speaker(self, voice: Voice | None) -> None:
        """Gives a speaker that a correction made the next free id, if it has none yet. Names and
        merges find it then, whichever of its turns was corrected first."""
        if voice and voice.made and voice.made not in self.made:
            self.made[voice.made] = self.free()

    def free(self) -> str:
        """The next free id of a speaker."""
        return f"s{1 + max((int(each[1:]) for each in self._ids()), default=-1)}"

    def speakers(self) -> list[str]:
        """Ids of all speakers that are not part of another one, in order of their numbers."""
        return sorted(self._ids() - set(self.merged), key=lambda each: int(each[1:]))

    def finished(self) -> Report:
        """The corrected report."""
        report, scene = self.report, tuple(self.scene.now)
        noise = report.noise and report.noise.model_copy(update={"timeline": tuple(self.noise.now)})
        overall = report.scene_overall
        if self.scene.marks:
            overall = scene_of_stretches(scene, overall.scores if overall else ()) or overall
        turns = [
            turn.model_copy(update={"role": self._role(turn.channel, turn.role)})
            for turn in self.turns.values()
        ]
        turns.sort(key=lambda each: (each.start_ms, each.channel, each.end_ms, each.speaker))
        facts = report.recording
        if self.roles_marked:
            stated = {"roles": self.roles, "roles_source": "correction"}
            facts = facts.model_copy(update=stated)
        speakers = tuple(map(self._speaker, self.speakers()))
        voices = tuple(self._sentiment())
        turns, texts = corrected(report, speakers, turns, voices)
        talk = report.conversation and Talk(
            recording=facts,
            source=report.conversation.source,
            speakers=speakers,
            speech=self._speech(report.conversation),
            turns=turns,
            scene=scene,
            noise=noise,
        )
        return report.model_copy(
            update={
                "recording": facts,
                "transcript_confidence": self._doubts(turns),
                "turns": tuple(turns),
                "speakers": speakers,
                "conversation": talk and conversation(talk),
                "sentiment": voices,
                **texts,
                "topics": report.topics and with_turns(report.topics, turns),
                "noise": noise,
                "scene": scene,
                "scene_overall": overall,
            }
        )

    def _speech(self, before: Conversation) -> Sequence[SpeakerTurn]:
        remaining = {each: self.remaining(each) for each in self._ids()}
        return moved(before.speech, self.answered.turns, self.turns, remaining)

    def _doubts(self, turns: Sequence[Turn]) -> TranscriptConfidence | None:
        """With the corrected words, which are not doubtful."""
        before = self.report.transcript_confidence
        words = [word for turn in turns for word in turn.words]
        if before is None or not words:
            return None
        doubtful = sum(word.confidence < before.doubtful_below for word in words)
        return before.model_copy(update={"words": len(words), "doubtful": doubtful})

    def speaker_marks(self) -> dict[str, tuple[str, ...]]:
        """Id of a speaker to what is corrected of it."""
        marks: dict[str, list[str]] = {}
        for speaker in self.names:
            marks.setdefault(speaker, []).append("rename")
        for speaker in dict.fromkeys(map(self.remaining, self.merged)):
            marks.setdefault(speaker, []).append("merge")
        for speaker in self.made.values():
            marks.setdefault(self.remaining(speaker), []).append("made")
        return {each: tuple(marks[each]) for each in self.speakers() if each in marks}

    def _ids(self) -> set[str]:
        return {*self.answered.speakers, *self.made.values()}

    def _role(self, channel: int, before: str | None) -> str | None:
        return self.roles[channel] if channel < len(self.roles) else before

    def _speaker(self, speaker: str) -> Speaker:
        """Talk time is that of the answer, with the lengths of turns that came or went."""
        parts = [each for each in self._ids() if self.remaining(each) == speaker]
        known = [each for each in map(self.answered.speakers.get, parts) if each]
        now = [turn for turn in self.turns.values() if turn.speaker == speaker]
        before = [turn for turn in self.answered.turns.values() if turn.speaker in parts]
        talk = sum(each.talk_ms for each in known) + _length(now) - _length(before)
        own = self.answered.speakers.get(speaker)
        channel = own.channel if own else (now[0].channel if now else 0)
        return Speaker(
            id=speaker,
            channel=channel,
            role=self._role(channel, own.role if own else None),
            talk_ms=max(0, talk),
            name=self.names.get(speaker),
        )

    def _sentiment(self) -> list[VoiceSentiment]:
        """That of merged speakers is pooled by the length of their speech, and that of a speaker
        with a corrected turn anew, by the length of the turns."""
        pooled: dict[str, list[VoiceSentiment]] = {}
        for each in self.report.sentiment:
            pooled.setdefault(self.remaining(each.speaker), []).append(each)
        return [self._voice(speaker, parts) for speaker, parts in pooled.items()]

    def _voice(self, speaker: str, parts: Sequence[VoiceSentiment]) -> VoiceSentiment:
        own = self.answered.speakers.get(speaker)
        role = self._role(own.channel, own.role) if own else None
        first = parts[0]
        turns = [turn for turn in self.turns.values() if turn.speaker == speaker]
        if any("sentiment" in self.marks.get(turn.id, ()) for turn in turns):
            answer = pooled_voice(turns)
            if answer and first.abstained and answer.confidence <= first.confidence:
                answer = answer.model_copy(update={"label": UNCLEAR, "abstained": True})
        elif len(parts) == 1:
            return first.model_copy(update={"speaker": speaker, "role": role})
        else:
            answer = classify((each.scores, float(each.speech_ms)) for each in parts)
        return VoiceSentiment(
            **(answer or first).model_dump(include={"label", "confidence", "scores", "abstained"}),
            speaker=speaker,
            role=role,
            speech_ms=sum(each.speech_ms for each in parts),
        )


def _length(turns: Sequence[Turn]) -> int:
    return sum(turn.end_ms - turn.start_ms for turn in turns)
