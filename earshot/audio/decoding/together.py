"""Yields all audio of a file as one sequence of waveforms: parts in sequence, tracks in
parallel."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import numpy as np

from earshot.analysis.errors import BadAudio
from earshot.audio.decoding.frames import Tally, waveforms
from earshot.audio.decoding.media import open_media
from earshot.audio.decoding.probe import Probe, length_ms
from earshot.audio.decoding.tracks import choose
from earshot.audio.media_file import MediaFile, View
from earshot.compute.sound import Waveform


def all_waveforms(file: MediaFile, probe: Probe, tally: Tally) -> Iterator[Waveform]:
    """Yields float32, shape (channels, samples), of any lengths; ``tally`` is complete once they
    are consumed.

    Raises:
        BadAudio: as ``earshot.audio.decoding.media.open_media``.
    """
    if len(probe.links) < 2:
        with open_media(file, probe.view) as container:
            yield from _tracks(file, probe.view, container, probe.chosen.indexes, probe, tally)
        return
    for number, link in enumerate(probe.links, 1):
        try:
            yield from _link(file, link, number, probe, tally)
        except BadAudio as error:
            if number == 1:
                raise
            tally.unread += (link.end or file.size) - link.first
            tally.lost_parts.append(f"part {number} of {len(probe.links)} ({error.code})")


def _link(
    file: MediaFile, view: View, number: int, probe: Probe, tally: Tally
) -> Iterator[Waveform]:
    """One of several parts, with its own tracks and length. FFmpeg takes the length of an Ogg's
    last part for that of the whole."""
    with open_media(file, view) as container:
        chosen = choose(container, len(probe.chosen.indexes))
        tally.left += [f"{track} of part {number}" for track in chosen.left if number > 1]
        length = length_ms(container, [container.streams[index] for index in chosen.indexes])
        tally.stated_ms += length or 0 if number > 1 else 0
        before = tally.samples * 1000 // probe.sample_rate
        own = replace(probe, duration_ms=None if length is None else before + length)
        yield from _tracks(file, view, container, chosen.indexes, own, tally)


def _tracks(
    file: MediaFile, view: View, first: Any, indexes: Sequence[int], probe: Probe, tally: Tally
) -> Iterator[Waveform]:
    if len(probe.chosen.indexes) == 1:
        yield from waveforms(file, first, first.streams[indexes[0]], probe, tally)
        return
    with ExitStack() as stack:
        # Each track is read through its own container: memory stays bounded, however far apart they
        # are in the file.
        containers = [first, *(stack.enter_context(open_media(file, view)) for _ in indexes[1:])]
        tallies = [tally.of_track() for _ in indexes]
        mono = replace(probe, channels=1)
        tracks = [
            waveforms(file, container, container.streams[index], mono, own)
            for container, index, own in zip(containers, indexes, tallies, strict=True)
        ]
        yield from _side_by_side(
            [*tracks, *(iter(()) for _ in range(probe.channels - len(tracks)))], probe.sample_rate
        )
        tally.add_tracks(tallies)


def _side_by_side(tracks: Sequence[Iterator[Waveform]], size: int) -> Iterator[Waveform]:
    """Yields tracks of one channel each as channels of blocks of ``size`` samples, with silence
    after a track's end."""
    rests = [np.zeros((1, 0), dtype=np.float32) for _ in tracks]
    while True:
        taken = []
        for number, track in enumerate(tracks):
            block, rests[number] = _take(rests[number], track, size)
            taken.append(block)
        longest = max(block.shape[1] for block in taken)
        if longest == 0:
            return
        yield np.concatenate(
            [np.pad(block, ((0, 0), (0, longest - block.shape[1]))) for block in taken]
        )


def _take(rest: Waveform, track: Iterator[Waveform], size: int) -> tuple[Waveform, Waveform]:
    """Up to ``size`` samples, and the rest of the last waveform."""
    parts, samples = [rest], rest.shape[1]
    while samples < size and (waveform := next(track, None)) is not None:
        parts.append(waveform)
        samples += waveform.shape[1]
    together = np.concatenate(parts, axis=1)
    return together[:, :size], together[:, size:]
