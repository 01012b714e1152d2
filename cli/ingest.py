"""``earshot ingest``: checks files, submits them, follows them, prints and writes their reports."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import ValidationError

from cli.deliver import deliver, patience
from cli.terminal.console import say, show
from cli.terminal.strip import clock
from earshot.analysis.errors import EarshotError, Misconfigured
from earshot.analysis.printable import on_one_line
from earshot.analysis.request import Profile, check_names
from earshot.analysis.roles import Direction, roles_by
from earshot.analysis.types import SpeakerCount
from earshot.analysis.words.languages import language_tag
from earshot.audio.files import find_audio
from earshot.pipeline.topics.glossaries import check_name
from earshot.settings import settings
from producer.admission import wait_for_room
from producer.patience import Patience
from producer.submit import OF_ONE_FILE, Options, Submission, submit


def options(
    roles: str | None,
    analyses: str | None,
    profile: Profile,
    language: str | None,
    speakers: str | None,
    force: bool,
    accept_truncated: bool,
    recorder: str | None = None,
    direction: Direction | None = None,
    glossary: str | None = None,
    redact: bool = False,
) -> Options:
    """What the command line asks for.

    Raises:
        Misconfigured: ``analyses``, no analysis has such a name; ``language``, that is none;
            ``speakers``, that is no number of people; ``recorder``, there is none of that name, its
            direction is missing, or roles are named beside it; ``glossary``, the settings have
            none of that name.
    """
    wanted = _names(analyses)
    if wanted is not None:
        check_names(wanted)
    _check_recorder(roles, recorder, direction)
    check_name(glossary)
    return Options(
        roles=_names(roles),
        recorder=recorder,
        direction=direction,
        analyses=wanted,
        profile=profile,
        language=_language(language) if language is not None else None,
        speakers=speaker_count(speakers) if speakers else None,
        glossary=glossary,
        force=force,
        accept_truncated=accept_truncated,
        redact=redact or None,
    )


def _check_recorder(roles: str | None, recorder: str | None, direction: Direction | None) -> None:
    if roles is not None and (recorder or direction):
        raise Misconfigured("recorder", "name either --roles, or --recorder and --direction")
    try:
        if recorder is not None:
            roles_by(recorder, direction)
    except ValueError as error:
        raise Misconfigured("recorder", f"--recorder {recorder}: {error}") from error


def _language(text: str) -> str:
    try:
        return language_tag(text)
    except ValueError as error:
        raise Misconfigured("language", f"--language {error}") from error


def speaker_count(text: str) -> SpeakerCount:
    """``2``, ``2-4``, ``2-`` or ``-4`` as a number of people.

    Raises:
        Misconfigured: ``speakers``, it is none of these.
    """
    fewest, dash, most = (part.strip() for part in text.partition("-"))
    if not (fewest or most):
        raise Misconfigured(
            "speakers", f"--speakers {text}: not a number; use 2 for exactly two, or 2-4"
        )
    try:
        named = {"min": fewest, "max": most if dash else fewest}
        return SpeakerCount.model_validate_strings(
            {name: number for name, number in named.items() if number}
        )
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise Misconfigured(
            "speakers", f"--speakers {text}: {reason}; use 2 for exactly two, or 2-4"
        ) from error


def validate(paths: Sequence[Path], accept_truncated: bool) -> int:
    """``--dry-run``: every file is read to its end, one line each, nothing is enqueued or stored.
    Returns 1 if any cannot be analysed."""
    from earshot.audio.decoding.decode import decode
    from earshot.audio.decoding.frames import Tally
    from earshot.audio.decoding.notes import file_notes
    from earshot.audio.decoding.probe import probe
    from earshot.audio.media_file import opened
    from earshot.audio.store.growing import wait_until_settled

    failed, longest_ms = 0, settings().max_duration_sec * 1000
    left_out = Counter[str]()
    for path in find_audio(paths, left_out):
        try:
            wait_until_settled(path)
            with opened(path) as file:
                facts, tally = probe(file), Tally()
                for _ in decode(file, facts, tally, accept_truncated, longest_ms):
                    pass  # only its tally and its errors matter
                file.check_unchanged()
        except OF_ONE_FILE as error:
            failed += 1
            _refuse(path, error)
        else:
            length = clock(tally.samples * 1000 // facts.sample_rate)
            show(
                f"{path}: ok, {length}, {facts.channels} channels, {facts.sample_rate} Hz,"
                f" {facts.codec}"
            )
            for note in file_notes(facts, tally):
                show(f"{path}: note: {note}")
    _tell_left_out(left_out)
    return 1 if failed else 0


def ingest(paths: Sequence[Path], wanted: Options, *, wait: bool, out: Path | None) -> int:
    """Submits the files and, with ``wait``, prints each report and writes it below ``out``. Returns
    1 if any file failed."""
    left_out = Counter[str]()
    with patience() as patient:
        found = find_audio(paths, left_out)
        submitted, refused = _submit(patient, found, wanted, tell=not wait)
        _tell_left_out(left_out)
        failed = deliver(patient, submitted, out) if wait else 0
    return 1 if failed or refused else 0


def _submit(
    patient: Patience, files: Iterable[Path], wanted: Options, *, tell: bool
) -> tuple[list[Submission], int]:
    """Submits the files.

    Args:
        tell: print each id at once, so that it is known even if a service fails before the last
            file.
    """
    submitted, refused = [], 0
    for file in files:
        wait_for_room(patient)
        try:
            submitted.append(submit(patient, file, wanted))
            if tell:
                show(f"{submitted[-1].recording_id}  {file}")
        except OF_ONE_FILE as error:
            refused += 1
            _refuse(file, error)
    return submitted, refused


def _tell_left_out(counted: Counter[str]) -> None:
    if counted:
        suffixes = ", ".join(
            f"{number} {suffix or 'without a suffix'}" for suffix, number in counted.most_common()
        )
        say(
            f"left out of folders, not being named like recordings: {on_one_line(suffixes)};"
            " name such a file itself to ingest it"
        )


def _refuse(file: Path, error: EarshotError | OSError | ValueError) -> None:
    """Prints one line for this file; the others continue."""
    if isinstance(error, OSError):
        say(f"{file}: unreadable: {error.strerror or error}")
    elif isinstance(error, ValueError):
        say(f"{file}: refused: {on_one_line(' '.join(str(error).split()))}")
    else:
        say(f"{file}: {error.code}: {error}")


def _names(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(name.strip() for name in text.split(",") if name.strip())
