"""The keys that stored sound is encrypted with (``EARSHOT_SOUND_KEYS``), as a process was given
them. They are never shown."""

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping

KEY_BYTES = 32
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_FORM = "name:key, the newest first, with a comma or a line between; a key is 32 bytes in Base64"


class SoundKeys:
    """Keys by name, the newest first: it encrypts, and all of them decrypt."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = dict(keys)

    @property
    def newest(self) -> str | None:
        """Name of the key that encrypts; None: sound is stored as it is."""
        return next(iter(self._keys), None)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._keys)

    def get(self, name: str) -> bytes | None:
        """The key of that name."""
        return self._keys.get(name)


def parsed(text: str) -> SoundKeys:
    """The keys of a setting; none of an empty one.

    Raises:
        ValueError: it is malformed; the message holds nothing of it but names.
    """
    keys: dict[str, bytes] = {}
    for number, entry in enumerate(filter(None, map(str.strip, re.split(r"[,\n]", text))), 1):
        name, colon, written = (part.strip() for part in entry.partition(":"))
        if not colon or not _NAME.fullmatch(name):
            raise ValueError(f"entry {number} is not of the form {_FORM}")
        try:
            key = b64decode(written, validate=True)
        except binascii.Error:
            raise ValueError(f"the key {name} is no Base64") from None
        if len(key) != KEY_BYTES:
            raise ValueError(f"the key {name} has {len(key)} bytes, not {KEY_BYTES}")
        if name in keys:
            raise ValueError(f"two keys are named {name}")
        keys[name] = key
    return SoundKeys(keys)


_used = [SoundKeys({})]


def use(keys: SoundKeys) -> None:
    """Has this process use these keys from now on."""
    _used[0] = keys


def used() -> SoundKeys:
    """The keys of this process."""
    return _used[0]
