"""Audio quality of a recording, for judging the reliability of its labels."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from earshot.analysis.findings import Share
from earshot.analysis.types import Frozen

Trouble = Literal[
    "silent",
    "dead_channel",
    "dual_mono",
    "clipped",
    "noisy",
    "quiet",
    "telephone_band",
    "dc_offset",
]

CLIPPED_ABOVE = 0.001
"""Share of samples. A thousandth is 16 samples in every second at 16 kHz: clicks on the loudest
vowels."""
NOISY_BELOW_DB = 10.0
"""Signal-to-noise ratio below which recognition of words falls off steeply (Hirsch and Pearce 2000,
Aurora: 10 to 5 dB)."""
QUIET_BELOW_LUFS = -43.0
"""20 LU below the production level of programmes (EBU R 128: -23 LUFS)."""
TELEPHONE_BELOW_HZ = 4_200
"""A narrow-band telephone line ends at 3,400 Hz (ITU-T G.712), its sampling at 4,000; this allows
for a resampler's slope."""
DC_ABOVE = 0.01
"""Of full scale, -40 dB: a fault of the recorder, beyond the tolerance of any converter."""

Decibel = Annotated[float, Field(allow_inf_nan=False)]


class Crosstalk(Frozen):
    """Speech of another channel that leaks into this one, and was left out of its speech."""

    of: Annotated[int, Field(ge=0, lt=8)] = Field(description="The source channel.")
    fainter_db: Decibel = Field(description="Attenuation on this channel.")
    later_ms: int = Field(
        description=(
            "Delay here; below 0: earlier, if channels were not recorded at the same time."
        )
    )
    left_out_ms: Annotated[int, Field(ge=0)] = Field(
        description="Length left out of this channel's speech."
    )

    def note(self) -> str:
        """A sentence for people, with channels counted from 1."""
        when = f"{abs(self.later_ms)} ms {'later' if self.later_ms >= 0 else 'earlier'}"
        left_out = f"{self.left_out_ms / 1000:.1f} s of it are left out"
        return (
            f"channel {self.of + 1} leaks into it, {self.fainter_db:.0f} dB fainter and"
            f" {when}; {left_out}."
        )


class ChannelQuality(Frozen):
    """One channel of the file, as it was recorded."""

    channel: Annotated[int, Field(ge=0, lt=8)]
    peak_dbfs: Decibel | None = Field(
        description="Highest sample in dB of full scale; null for zeros only."
    )
    loudness_lufs: Decibel | None = Field(
        description=(
            "Integrated loudness of this channel alone, ITU-R BS.1770-4 with gating; null below -70"
            " LUFS or 400 ms."
        )
    )
    clipped_share: Share = Field(
        description="Share of samples in runs of three or more at full scale."
    )
    snr_db: Decibel | None = Field(
        description=(
            "Mean power of speech above the median power between speech, both as separated"
            " by the VAD, 0 to 8 kHz; null with less than 1 s of speech or 0.5 s of pauses, with"
            " pauses of digital silence, or where channels were mixed."
        )
    )
    bandwidth_hz: Annotated[int, Field(gt=0)] | None = Field(
        description=(
            "Above this frequency there is nothing but quantisation noise, or less than -80 dB;"
            " null in silence."
        )
    )
    dc_offset: Annotated[float, Field(ge=-100, le=100)] = Field(
        description="Mean of the samples, as a share of full scale."
    )
    dead: bool = Field(description="Never louder than -66 dBFS in any second.")
    crosstalk: tuple[Crosstalk, ...] = Field(
        default=(), description="Speech of other channels on this one, where they have roles."
    )


class Quality(Frozen):
    """Quality of a recording in one line: the worst channel that is alive, or for loudness all
    together."""

    loudness_lufs: Decibel | None = Field(
        description="Integrated loudness of all channels together, ITU-R BS.1770-4, LUFS."
    )
    clipped_share: Share
    snr_db: Decibel | None = Field(
        description="Of the analysed audio: of the mix where channels were mixed. See channels."
    )
    bandwidth_hz: Annotated[int, Field(gt=0)] | None
    dc_offset: Annotated[float, Field(ge=-100, le=100)]
    warnings: tuple[Trouble, ...] = Field(description="Codes of reasons to doubt the labels.")


class RecordingQuality(Quality):
    """Quality of a recording with every channel of the file."""

    channels: tuple[ChannelQuality, ...]

    def summary(self) -> Quality:
        """The summary in every event about the recording."""
        return Quality(**self.model_dump(exclude={"channels"}))


def judged(
    channels: tuple[ChannelQuality, ...],
    loudness_lufs: float | None,
    mixed_snr_db: float | None,
    one_signal: bool,
) -> RecordingQuality:
    """The recording's quality from that of its channels.

    Args:
        mixed_snr_db: of the mix, if channels were mixed before speech detection.
        one_signal: two channels carry the same signal, at any gain.
    """
    alive = [each for each in channels if not each.dead] or list(channels)
    quality = RecordingQuality(
        loudness_lufs=loudness_lufs,
        clipped_share=max(each.clipped_share for each in alive),
        snr_db=min([*_known(each.snr_db for each in alive), *_known([mixed_snr_db])], default=None),
        bandwidth_hz=min(
            (each.bandwidth_hz for each in alive if each.bandwidth_hz is not None), default=None
        ),
        dc_offset=max((each.dc_offset for each in channels), key=abs),
        warnings=(),
        channels=channels,
    )
    return quality.model_copy(update={"warnings": tuple(_troubles(quality, one_signal))})


def explained(quality: Quality) -> tuple[str, ...]:
    """The warnings as sentences for people."""
    sentences: dict[str, str] = {
        "silent": "No audible sound: no second is louder than -66 dBFS.",
        "dead_channel": "A channel is dead: no second of it is louder than -66 dBFS.",
        "dual_mono": "Both channels carry the same signal.",
        "clipped": f"Clipped: {quality.clipped_share:.1%} of the samples are at full scale.",
        "noisy": (f"Noisy: speech is only {quality.snr_db or 0:.0f} dB above the pauses."),
        "quiet": f"Quiet: {quality.loudness_lufs or 0:.0f} LUFS.",
        "telephone_band": (
            f"Telephone band: nothing above {(quality.bandwidth_hz or 0) / 1000:.1f} kHz."
        ),
        "dc_offset": (
            f"The samples are shifted by {quality.dc_offset:.1%} of full scale (DC offset)."
        ),
    }
    return tuple(sentences[each] for each in quality.warnings)


def _troubles(quality: RecordingQuality, one_signal: bool) -> Iterable[Trouble]:
    dead = [each.dead for each in quality.channels]
    if all(dead):
        yield "silent"
    elif any(dead):
        yield "dead_channel"
    if one_signal:
        yield "dual_mono"
    if quality.clipped_share > CLIPPED_ABOVE:
        yield "clipped"
    if quality.snr_db is not None and quality.snr_db < NOISY_BELOW_DB:
        yield "noisy"
    if quality.loudness_lufs is not None and quality.loudness_lufs < QUIET_BELOW_LUFS:
        yield "quiet"
    if quality.bandwidth_hz is not None and quality.bandwidth_hz < TELEPHONE_BELOW_HZ:
        yield "telephone_band"
    if abs(quality.dc_offset) > DC_ABOVE:
        yield "dc_offset"


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]
