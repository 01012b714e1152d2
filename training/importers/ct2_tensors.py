"""Where the tensors of a CTranslate2 model lie in its ``model.bin``.

The format is that of ``ctranslate2.specs.ModelSpec`` (binary version 6): a header, then for each
variable its name, shape, type, size in bytes, and its numbers.
"""

import struct
from pathlib import Path

from earshot.analysis.errors import Misconfigured
from training.importers.torch_tensors import Placed

VERSION = 6
FLOAT16 = 4
"""Number of the type in the file."""


def placed(path: Path, prefix: str) -> dict[str, Placed]:
    """The float16 tensors whose names begin with ``prefix``.

    Raises:
        Misconfigured: ``checkpoint``, the file is not of this format.
    """
    content = path.read_bytes()
    version, at = _number("I", content, 0)
    if version != VERSION:
        raise Misconfigured("checkpoint", f"{path} has binary version {version}, not {VERSION}")
    _, at = _text(content, at)
    _, at = _number("I", content, at)  # revision of the specification
    count, at = _number("I", content, at)
    found = {}
    for _ in range(count):
        name, at = _text(content, at)
        rank, at = _number("B", content, at)
        shape = struct.unpack_from(f"<{rank}I", content, at)
        at += 4 * rank
        kind, at = _number("B", content, at)
        size, at = _number("I", content, at)
        if name.startswith(prefix) and kind == FLOAT16:
            found[name] = Placed(at, shape)
        at += size
    return found


def _number(kind: str, content: bytes, at: int) -> tuple[int, int]:
    (value,) = struct.unpack_from(f"<{kind}", content, at)
    return value, at + struct.calcsize(f"<{kind}")


def _text(content: bytes, at: int) -> tuple[str, int]:
    length, at = _number("H", content, at)
    return content[at : at + length].rstrip(b"\0").decode(), at + length
