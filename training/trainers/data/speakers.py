"""Which recordings belong together: of one speaker, or cut from one recording."""

import re
from pathlib import PurePosixPath

from evaluation.measures.groups import origin

FOLDER = re.compile(r"(?:actor|speaker|spk|talker|voice)[-_ ]?\w+", re.IGNORECASE)
"""A folder of one speaker: ``Actor_07``, ``speaker-anna``, ``spk12``."""

NAMES = (
    # RAVDESS: seven numbers, the last is the actor.
    ("ravdess", re.compile(r"(?:\d{2}-){6}(?P<who>\d{2})")),
    # EmoDB: speaker, text, emotion, version.
    ("emodb", re.compile(r"(?P<who>\d{2})[ab]\d{2}[WLEAFTN][a-z]?")),
    # CREMA-D: actor, sentence, emotion, level.
    ("cremad", re.compile(r"(?P<who>\d{4})_[A-Z]{3}_[A-Z]{3}_[A-Z]{2}")),
    # LibriSpeech: reader, chapter, utterance.
    ("librispeech", re.compile(r"(?P<who>\d+)-\d+-\d{4}")),
    # TESS: speaker, word, emotion.
    ("tess", re.compile(r"(?P<who>OAF|YAF)_\w+", re.IGNORECASE)),
)
"""File names of published corpora that name the speaker."""

ESC = re.compile(r"(?P<who>[1-5]-\d+)-[A-Z]")
"""ESC-50: fold, source recording, take."""


def speaker(path: str) -> str | None:
    """The speaker by the conventions of folders and file names; None if none applies.

    Args:
        path: relative to the data, with slashes.
    """
    place = PurePosixPath(path)
    for name, pattern in NAMES:
        if match := pattern.fullmatch(place.stem):
            return f"{name} {match['who']}"
    return next((part for part in place.parts[:-1] if FOLDER.fullmatch(part)), None)


def recording(path: str) -> str:
    """The recording that a file was cut from; by default itself."""
    match = ESC.fullmatch(PurePosixPath(path).stem)
    return f"esc {match['who']}" if match else origin(path)
