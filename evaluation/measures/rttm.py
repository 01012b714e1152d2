"""Reads RTTM, the format of reference speaker turns (NIST RT)."""

from pathlib import Path

from earshot.analysis.errors import Misconfigured
from evaluation.measures.der import Spoken


def read(path: Path) -> dict[str, tuple[Spoken, ...]]:
    """Turns by recording name; lines that are not SPEAKER lines are skipped.

    Raises:
        Misconfigured: ``rttm``, there is no such file, or a line is not RTTM; names the line.
    """
    found: dict[str, list[Spoken]] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured("rttm", f"{path} cannot be read: {error}") from error
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0] != "SPEAKER":
            continue
        try:
            begin, length = (round(float(word) * 1000) for word in words[3:5])
            spoken = Spoken(words[7], begin, begin + length)
        except (ValueError, IndexError, OverflowError) as error:
            wanted = "SPEAKER NAME CHANNEL START SECONDS <NA> <NA> SPEAKER"
            raise Misconfigured(
                "rttm", f"{path} line {number} is not RTTM ({wanted}): {line[:80]!r}"
            ) from error
        found.setdefault(words[1], []).append(spoken)
    return {name: tuple(spoken) for name, spoken in found.items()}
