"""Separates speakers by clustering embeddings of their voices: the diarizer without further
packages."""

from earshot.analysis.types import Release
from earshot.audio.clip import Clip
from earshot.models.options import Options
from earshot.models.speakers.diarizer import Diarized, Diarizer, reader
from earshot.models.speakers.embedded import embed
from earshot.models.speakers.embedding import SpeakerModel, open_packaged_speaker, open_speaker
from earshot.models.speakers.segmentation import open_segmentation
from earshot.models.speakers.voices import who_spoke


def open_by_embedding(release: Release, device: str, options: Options) -> Diarizer:
    """Opens the diarizer; always on the CPU, since it is small.

    Raises:
        Misconfigured: as ``open_speaker``.
    """
    return by_embedding(open_speaker(release, options))


def open_by_packaged(release: Release, device: str, options: Options) -> Diarizer:
    """As ``open_by_embedding``, with the voice encoder of a package.

    Raises:
        Misconfigured: as ``open_packaged_speaker``.
    """
    return by_embedding(open_packaged_speaker(release, options))


def by_embedding(model: SpeakerModel) -> Diarizer:
    """A diarizer over windows of speech, clustered, with a second voice where several speak at
    once."""
    segmentation = open_segmentation()

    def diarize(clip: Clip, channel: int) -> Diarized:
        vad = [item for item in clip.ref.speech if item.channel == channel]
        read, about = reader(clip, channel), segmentation.about
        segments = segmentation.segments(read, vad, clip.ref.end_ms)
        embedded = [embed(model, read, item) for item in vad]
        overlaps = segments.overlaps(about.overlap)
        return who_spoke(embedded, model.threshold, overlaps, clip.ref.speakers)

    return diarize
