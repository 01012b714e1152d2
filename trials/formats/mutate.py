"""Damages a file's bytes by a seed: bits, size fields, cuts, splices."""

import random
from collections.abc import Callable, Sequence

SIZES = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFE, 0xFFFF_FFFF)
HEAD = 512
"""Size of the header region; half of all changes are there."""


def mutate(data: bytes, others: Sequence[bytes], seed: int) -> bytes:
    """One to four changes; ``others`` are files of other kinds to splice with. The same seed gives
    the same bytes."""
    dice = random.Random(seed)
    bent = bytearray(data)
    for _ in range(dice.randint(1, 4)):
        if bent:
            dice.choice(_CHANGES)(bent, others, dice)
    return bytes(bent)


def _at(bent: bytearray, dice: random.Random) -> int:
    return dice.randrange(min(len(bent), HEAD) if dice.random() < 0.5 else len(bent))


def _bits(bent: bytearray, _: Sequence[bytes], dice: random.Random) -> None:
    for _each in range(dice.choice((1, 1, 4, 64))):
        bent[_at(bent, dice)] ^= 1 << dice.randrange(8)


def _bytes(bent: bytearray, _: Sequence[bytes], dice: random.Random) -> None:
    at, size = _at(bent, dice), dice.choice((1, 2, 8, 64))
    bent[at : at + size] = dice.choice((bytes(size), b"\xff" * size, dice.randbytes(size)))


def _size_field(bent: bytearray, _: Sequence[bytes], dice: random.Random) -> None:
    width, order = dice.choice((2, 4, 4, 8)), dice.choice(("little", "big"))
    value = dice.choice((*SIZES, len(bent), len(bent) - 8, dice.getrandbits(32)))
    at = _at(bent, dice)
    bent[at : at + width] = (max(value, 0) & ((1 << 8 * width) - 1)).to_bytes(
        width, "little" if order == "little" else "big"
    )


def _cut(bent: bytearray, _: Sequence[bytes], dice: random.Random) -> None:
    del bent[_at(bent, dice) :]


def _drop(bent: bytearray, _: Sequence[bytes], dice: random.Random) -> None:
    at = _at(bent, dice)
    del bent[at : at + dice.choice((1, 4, 100, 4096))]


def _repeat(bent: bytearray, _: Sequence[bytes], dice: random.Random) -> None:
    at, size = _at(bent, dice), dice.choice((1, 4, 100, 4096))
    bent[at:at] = bent[at : at + size] * dice.choice((1, 1, 8))


def _splice(bent: bytearray, others: Sequence[bytes], dice: random.Random) -> None:
    other = dice.choice(others) if others else bytes(bent)
    start = dice.randrange(max(len(other), 1))
    piece = other[start : start + dice.choice((16, 512, 16_384))]
    at = dice.choice((0, _at(bent, dice), len(bent)))
    bent[at : at + (len(piece) if dice.random() < 0.5 else 0)] = piece


_CHANGES: tuple[Callable[[bytearray, Sequence[bytes], random.Random], None], ...] = (
    _bits,
    _bits,
    _bytes,
    _size_field,
    _size_field,
    _cut,
    _drop,
    _repeat,
    _splice,
)
