"""The format of sealed files: a header with the file's own key, wrapped by a key of the settings,
and blocks of AES-256-GCM.

``MAGIC`` (16 bytes), name of the wrapping key (32, padded with NUL), wrapped key (40, RFC 3394),
NUL up to ``HEADER``; then blocks of nonce (12), ciphertext and tag (16). Each block holds ``PLAIN``
bytes, but for the last one. The number of a block is authenticated with it.
"""

import os
from typing import TYPE_CHECKING

from earshot.analysis.errors import Permanent, Unavailable
from earshot.analysis.keys.sound import KEY_BYTES, used

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = b"EARSHOT SEALED 1"
HEADER = 128
PLAIN = 1 << 16
_NAME, _WRAPPED = 32, KEY_BYTES + 8
_NONCE, _TAG = 12, 16
STORED = _NONCE + PLAIN + _TAG
_WRAPPED_AT = len(MAGIC) + _NAME


class Cipher:
    """Seals and opens the blocks of one file."""

    def __init__(self, gcm: "AESGCM", key_name: str) -> None:
        self._gcm = gcm
        self.key_name = key_name
        """Of the key in the settings."""

    def seal(self, index: int, plain: bytes | memoryview) -> bytes:
        """A block as it is stored. Its nonce is new with every writing."""
        nonce = os.urandom(_NONCE)
        return nonce + self._gcm.encrypt(nonce, plain, index.to_bytes(8, "little"))

    def open(self, index: int, stored: bytes) -> bytes:
        """What a stored block holds.

        Raises:
            Permanent: ``sound_damaged``, it is not as it was written.
        """
        from cryptography.exceptions import InvalidTag

        nonce, rest = stored[:_NONCE], stored[_NONCE:]
        try:
            return self._gcm.decrypt(nonce, rest, index.to_bytes(8, "little"))
        except (InvalidTag, ValueError):  # or shorter than a tag
            raise _damaged(f"block {index} of it is not as it was written") from None


def new_cipher() -> tuple[bytes, Cipher] | None:
    """The header and the cipher of a new file, by the newest key; None without keys."""
    name = used().newest
    if name is None:
        return None
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.keywrap import aes_key_wrap

    own, master = os.urandom(KEY_BYTES), used().get(name)
    assert master is not None
    head = MAGIC + name.encode().ljust(_NAME, b"\0") + aes_key_wrap(master, own)
    return head.ljust(HEADER, b"\0"), Cipher(AESGCM(own), name)


def cipher_of(head: bytes) -> Cipher | None:
    """The cipher of a file that begins with ``head``; None: it is not sealed.

    Raises:
        Permanent: ``sound_damaged``, it ends within its header.
        Unavailable: ``sound_key``, its key is not among those of the settings, or is another one
            of the same name.
    """
    name = key_name_of(head)
    if name is None:
        return None
    master = used().get(name)
    if master is None:
        raise Unavailable(
            "sound_key", f"stored sound needs the key {name}; add it to EARSHOT_SOUND_KEYS"
        )
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

    wrapped = head[_WRAPPED_AT : _WRAPPED_AT + _WRAPPED]
    try:
        return Cipher(AESGCM(aes_key_unwrap(master, wrapped)), name)
    except InvalidUnwrap:
        raise Unavailable(
            "sound_key",
            f"stored sound was encrypted with another key named {name} than that of"
            " EARSHOT_SOUND_KEYS, or its own key was destroyed",
        ) from None


def key_name_of(head: bytes) -> str | None:
    """Name of the key that sealed a file; None: it is not sealed.

    Raises:
        Permanent: ``sound_damaged``, it ends within its header.
    """
    if not head.startswith(MAGIC):
        return None
    if len(head) < HEADER:
        raise _damaged("it ends within its header")
    return head[len(MAGIC) : _WRAPPED_AT].rstrip(b"\0").decode("ascii", "replace")


def without_key(head: bytes) -> bytes:
    """The header with the file's own key gone: its blocks can be opened by nothing then."""
    return head[:_WRAPPED_AT] + bytes(_WRAPPED) + head[_WRAPPED_AT + _WRAPPED :]


def sealed(plain: bytes) -> bytes:
    """A whole file; without keys the bytes as they are."""
    made = new_cipher()
    if made is None:
        return plain
    head, cipher = made
    view = memoryview(plain)
    starts = range(0, len(plain), PLAIN)
    blocks = (cipher.seal(at // PLAIN, view[at : at + PLAIN]) for at in starts)
    return head + b"".join(blocks)


def plain_size(stored: int) -> int:
    """Bytes that a sealed file of so many bytes holds."""
    whole, rest = divmod(max(0, stored - HEADER), STORED)
    return whole * PLAIN + max(0, rest - (STORED - PLAIN))


def sealed_size(plain: int) -> int:
    """Bytes of a sealed file that holds so many."""
    blocks = -(-plain // PLAIN)
    return HEADER + plain + blocks * (STORED - PLAIN)


def _damaged(why: str) -> Permanent:
    return Permanent("sound_damaged", f"stored sound cannot be decrypted: {why}")
