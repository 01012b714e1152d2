"""Counts and encrypts stored files."""

from cli.terminal.console import show, show_json
from earshot.analysis.keys.sound import used
from earshot.pipeline.keeping import sealing
from earshot.settings import settings
from earshot.storage.postgres.db import connect


def show_keys(*, as_json: bool) -> None:
    """Prints how many files each key encrypts; keys without a file as well.

    Raises:
        Permanent: ``sound_damaged``.
        Unavailable: the store does not answer.
    """
    settings()
    found = dict.fromkeys(used().names, 0) | dict(sealing.by_key())
    plain = found.pop(None, 0)
    if as_json:
        show_json({"newest": used().newest, "keys": found, "not_encrypted": plain})
        return
    for name, count in found.items():
        known = "newest" if name == used().newest else "" if name in used().names else "missing"
        show(f"{name}  {count} files  {known}".rstrip())
    show(f"not encrypted  {plain} files")


def reencrypt() -> int:
    """Returns 1 if recordings are left that are being analysed.

    Raises:
        As ``sealing.reencrypt``.
    """
    left = files = 0
    settings()
    with connect() as connection:
        for folder, count in sealing.reencrypt(connection):
            if count < 0:
                show(f"{folder} is being analysed; repeat this afterwards")
                left += 1
            else:
                files += count
    show(f"{files} files are encrypted with the key {used().newest}")
    return 1 if left else 0
