"""Decodes a recording at its own rate, block by block, in memory that does not depend on its
length."""

from collections.abc import Iterable, Iterator

import numpy as np

from earshot.analysis.errors import BadAudio
from earshot.audio.decoding.frames import Tally
from earshot.audio.decoding.joined import joined_bytes
from earshot.audio.decoding.probe import Probe
from earshot.audio.decoding.timeline import clock
from earshot.audio.decoding.together import all_waveforms
from earshot.audio.media_file import Source, opened
from earshot.compute.sound import Waveform

BLOCK_SECONDS = 1

TOLERATED_SHORT_MS = 300
TOLERATED_SHORT_SHARE = 0.01
"""Maximum shortfall against the header's length. Encoder delay and padding take up to 2,112 + 256
samples, 296 ms at 8 kHz; length fields round and count whole packets, which stays under 1 %. Beyond
both, audio is missing."""

TOLERATED_DAMAGED_SHARE = 0.02
"""Maximum share of undecodable packets, as in common players: tags between joined MP3s, a flipped
bit."""

TOLERATED_UNREAD = 16_384
"""Maximum bytes left behind the point where a demuxer stops: padding, a last tag, half a packet."""

GAPLESS = ("flac",)
"""Containers that number their samples without deliberate gaps, so that a gap is damage."""

LOUDEST = 100.0
"""40 dB above full scale: float files exceed 1 slightly, but values beyond this are integers or
damage."""

SHORTEST_MS = 25
"""One analysis frame; a shorter recording cannot be analysed."""

SELF_SYNCING = ("mp3", "aac", "ac3", "eac3")
"""Containers without a header, which FFmpeg also detects in random bytes."""


def decode(
    source: Source,
    probe: Probe,
    tally: Tally,
    accept_truncated: bool = False,
    longest_ms: int | None = None,
) -> Iterator[Waveform]:
    """Blocks of float32 in [-1, 1], shape (channels, about one second of samples).

    Args:
        longest_ms: no recording may be longer.

    Raises:
        BadAudio: ``empty``, ``not_audio``, ``truncated``, ``corrupt``, ``not_finite``,
            ``too_long``, ``unsupported``; some only after the last block.
    """
    done = 0
    with opened(source) as file:
        for block in _blocks(all_waveforms(file, probe, tally), probe.sample_rate * BLOCK_SECONDS):
            _check_values(block, done, probe)
            done += block.shape[1]
            check_longest(done * 1000 // probe.sample_rate, longest_ms)
            yield block
        tally.joined = joined_bytes(file, probe.container, tally.read_to)
    _check_damage(probe, tally)
    _check_length(probe, tally, accept_truncated)


def check_longest(length_ms: int, longest_ms: int | None) -> None:
    """Raises:
    BadAudio: ``too_long``.
    """
    if longest_ms is not None and length_ms > longest_ms:
        raise BadAudio(
            "too_long",
            f"It is longer than {clock(longest_ms, 1000)} (EARSHOT_MAX_DURATION_SEC); split it",
        )


def _check_values(block: Waveform, done: int, probe: Probe) -> None:
    finite = np.isfinite(block).all(axis=0)
    if not finite.all():
        at = clock(done + int(finite.argmin()), probe.sample_rate)
        raise BadAudio(
            "not_finite", f"The sample at {at} is NaN or infinite; export the file again as PCM"
        )
    peak = float(np.abs(block).max())
    if peak > LOUDEST:
        at = clock(done, probe.sample_rate)
        raise BadAudio(
            "unsupported",
            f"Samples reach {peak:.6g} near {at}, but float sound lies within -1 to 1; export it"
            " as PCM",
        )


def _check_damage(probe: Probe, tally: Tally) -> None:
    if (
        tally.samples == 0
        and (tally.damaged_at_end or tally.packets == 0)
        and probe.container in SELF_SYNCING
    ):
        raise BadAudio("not_audio", "Not audio: no decoder finds sound in it")
    if tally.damaged > TOLERATED_DAMAGED_SHARE * tally.packets:
        raise BadAudio(
            "corrupt",
            f"{tally.damaged} of {tally.packets} packets are damaged; export or download the file"
            " again",
        )
    lost = tally.silenced / probe.sample_rate + sum(leap.length_ms for leap in tally.leaps) / 1000
    if (
        probe.container in GAPLESS
        and lost > TOLERATED_DAMAGED_SHARE * tally.samples / probe.sample_rate
    ):
        raise BadAudio(
            "corrupt", f"{lost:.1f} s in between are damaged; export or download the file again"
        )


def _check_length(probe: Probe, tally: Tally, accept_truncated: bool) -> None:
    got_ms = tally.samples * 1000 // probe.sample_rate
    promised_ms = probe.promised_ms + tally.stated_ms if probe.promised_ms else 0
    missing_ms = promised_ms - _reached_ms(probe, tally, got_ms)
    if missing_ms > max(TOLERATED_SHORT_MS, TOLERATED_SHORT_SHARE * promised_ms):
        tally.truncated_ms = missing_ms
        if tally.damaged_at_end > 1:
            raise BadAudio(
                "corrupt",
                f"Damaged from {clock(tally.samples, probe.sample_rate)} on; export or download the"
                " file again",
            )
        if not accept_truncated:
            lengths = f"{got_ms / 1000:.1f} s of the {promised_ms / 1000:.1f} s its header states"
            raise BadAudio(
                "truncated",
                f"Cut off: holds {lengths}; get the whole file, or take what is there with"
                " --accept-truncated",
            )
    if (probe.is_cut or tally.unread > TOLERATED_UNREAD) and not accept_truncated:
        raise BadAudio(
            "truncated",
            f"Cut off after {got_ms / 1000:.1f} s; get the whole file, or take what is there with"
            " --accept-truncated",
        )
    if got_ms < SHORTEST_MS:
        raise BadAudio(
            "empty",
            f"A valid {probe.container} file with {tally.samples} samples: too short to hold any"
            " sound",
        )


def _reached_ms(probe: Probe, tally: Tally, got_ms: int) -> int:
    """Length found of the stated length, placed or not. Matroska states the end of the last track:
    the pieces of FFmpeg's segment muxer state 10, 20, 30 s, and their time stamps agree."""
    placed = got_ms + sum(leap.length_ms for leap in tally.leaps)
    return max(placed, tally.end_ms) if probe.container == "matroska" else placed


def _blocks(waveforms: Iterable[Waveform], size: int) -> Iterator[Waveform]:
    waiting: list[Waveform] = []
    samples = 0
    for waveform in waveforms:
        waiting.append(waveform)
        samples += waveform.shape[1]
        if samples >= size:
            yield np.concatenate(waiting, axis=1)
            waiting, samples = [], 0
    if samples:
        yield np.concatenate(waiting, axis=1)
