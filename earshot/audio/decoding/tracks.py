"""Selects the audio tracks to analyse: all of them, one voice a channel, or the best one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from earshot.analysis.printable import plural

MAX_TRACKS = 8

ALIKE_MS = 10_000
ALIKE_SHARE = 0.1
"""Maximum difference between the ends of tracks of one conversation: ten seconds, or a tenth of the
longest."""

TITLE_KEYS = ("title", "name", "handler_name")
"""Keys of a track's title: Matroska; QuickTime; MP4, whose writers put their own name there."""
NO_TITLE = re.compile(
    r"|sound ?handler|.*media handler|core media audio|.*audio handler|audio|sound|mono|stereo",
    re.IGNORECASE,
)

ROLES = (
    ("agent", ("agent", "operator", "advisor", "representative")),
    ("customer", ("customer", "client", "caller")),
)
"""Words in a title that identify the role of a speaker."""

OTHER_VERSIONS = (
    "dub",
    "comment",
    "lyrics",
    "karaoke",
    "hearing_impaired",
    "visual_impaired",
    "clean_effects",
    "descriptions",
)
"""FFmpeg's marks of a track that is another version of the main one, not another speaker."""


@dataclass(frozen=True)
class Chosen:
    """``indexes`` of the streams, each one channel where there are several; ``roles`` from their
    titles."""

    indexes: tuple[int, ...]
    roles: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    """Tracks that are not analysed, as text."""


ONE_TRACK = Chosen((0,))


def choose(container: Any, most: int = MAX_TRACKS) -> Chosen:
    """Selects up to ``most`` of a container's tracks, at least one. Mono tracks of similar length
    that are not versions of each other are one conversation; otherwise the best is the one marked
    as default, then the one with most channels, then the first."""
    streams = container.streams.audio
    usable = [
        stream
        for stream in streams
        if stream.codec_context is not None and stream.codec_context.sample_rate
    ]
    if 1 < len(usable) <= MAX_TRACKS and most > 1 and _one_conversation(usable):
        kept = usable[:most]
        return Chosen(tuple(stream.index for stream in kept), _roles(kept), _left(streams, kept))
    best = max(usable or streams[:1], key=_rank)
    return Chosen((best.index,), (), _left(streams, [best]))


def title(stream: Any) -> str:
    """Title of a track; empty if it is only the name of the program that wrote it."""
    names = (stream.metadata.get(key, "") for key in TITLE_KEYS)
    clean = ("".join(each for each in name if each.isprintable()).strip()[:40] for name in names)
    return next((name for name in clean if not NO_TITLE.fullmatch(name)), "")


def end_ms(stream: Any) -> int | None:
    """End of a track by its container: MP4 and its like state it, Matroska's writers leave a
    tag."""
    stamp = re.fullmatch(r"(\d+):(\d\d):(\d\d)\.(\d{3})\d*", stream.metadata.get("DURATION", ""))
    if stamp:
        hours, minutes, seconds, thousandths = map(int, stamp.groups())
        return ((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths
    if (
        stream.duration is None or "matroska" in stream.container.format.name
    ):  # there FFmpeg gives the file's length
        return None
    return int((stream.duration + (stream.start_time or 0)) * stream.time_base * 1000)


def _one_conversation(streams: Sequence[Any]) -> bool:
    ends = [end for stream in streams if (end := end_ms(stream)) is not None]
    alike = not ends or max(ends) - min(ends) <= max(ALIKE_MS, ALIKE_SHARE * max(ends))
    languages = {language for stream in streams if (language := _language(stream))}
    mono = all(stream.codec_context.channels == 1 for stream in streams)
    return (
        mono
        and alike
        and len(languages) <= 1
        and not any(_is_version(stream) for stream in streams)
    )


def _rank(stream: Any) -> tuple[bool, bool, int, int]:
    from av.stream import Disposition

    context = stream.codec_context
    default = bool(stream.disposition & Disposition.default)
    return (
        not _is_version(stream),
        default,
        context.channels if context is not None else 0,
        -stream.index,
    )


def _is_version(stream: Any) -> bool:
    from av.stream import Disposition

    return any(stream.disposition & Disposition[name] for name in OTHER_VERSIONS)


def _roles(streams: Sequence[Any]) -> tuple[str, ...]:
    """A role for every track; for two without titles none, so that they get the default roles of
    two channels."""
    names = [_role(title(stream)) for stream in streams]
    if all(names) and len(set(names)) == len(names):
        return tuple(names)
    return () if len(names) == 2 else tuple(f"track_{number}" for number, _ in enumerate(names, 1))


def _role(name: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:32]
    named = next((role for role, words in ROLES if set(words) & set(slug.split("_"))), slug)
    return named if re.match("[a-z]", named) else ""


def _language(stream: Any) -> str:
    code = stream.metadata.get("language", "und")
    return "" if code == "und" else code


def _left(streams: Sequence[Any], chosen: Sequence[Any]) -> tuple[str, ...]:
    kept = {stream.index for stream in chosen}
    return tuple(
        _words(number, stream)
        for number, stream in enumerate(streams, 1)
        if stream.index not in kept
    )


def _words(number: int, stream: Any) -> str:
    context = stream.codec_context
    known = (
        f'"{title(stream)}"' if title(stream) else "",
        _language(stream),
        context and plural(context.channels, "channel"),
    )
    facts = ", ".join(str(fact) for fact in known if fact)
    return f"{number} ({facts or 'unknown codec'})"
