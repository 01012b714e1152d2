"""Headers with which an upload in pieces begins."""

import base64
import binascii

from earshot.settings import settings
from gateway import asking
from gateway.problems import Problem

METADATA = (*asking.FIELDS, *asking.MANY)
IGNORED = ("filetype",)
"""What clients send by themselves."""


def length_of(text: str | None) -> int:
    """Bytes of the whole upload.

    Raises:
        Problem: 413, 422.
    """
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > 18 or not int(text):
        raise Problem(422, "invalid_length", "`Upload-Length` is the size of the file in bytes.")
    most = settings().max_upload_mb * 1_000_000
    if int(text) > most:
        raise Problem(413, "too_large", f"The file is longer than {most} bytes.", limit_bytes=most)
    return int(text)


def fields_of(metadata: str) -> dict[str, list[str]]:
    """Key to its value, in the shape of the fields of a form.

    Raises:
        Problem: 422.
    """
    found: dict[str, list[str]] = {}
    for pair in filter(None, (each.strip() for each in metadata.split(","))):
        key, _, encoded = pair.partition(" ")
        if key not in (*METADATA, *IGNORED, "filename") or key in found:
            raise Problem(422, "unknown_field", f"`Upload-Metadata`: {key[:40]!a}")
        try:
            found[key] = [base64.b64decode(encoded, validate=True).decode()]
        except (binascii.Error, UnicodeDecodeError) as error:
            detail = f"`Upload-Metadata`: `{key}` is not the base64 of a text."
            raise Problem(422, "invalid_field", detail) from error
        if "\x00" in found[key][0]:
            raise Problem(422, "invalid_text", f"`{key}` holds the character NUL.")
    return {key: value for key, value in found.items() if key not in IGNORED}
