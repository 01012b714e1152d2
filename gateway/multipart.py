"""Reads ``multipart/form-data`` piece by piece: small fields are kept, the blocks of the one file
are handed on."""

from collections.abc import Collection

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from earshot.analysis.printable import on_one_line
from gateway.problems import Problem

FILE = "file"
"""Name of the part that is the file."""
PARTS = 64
"""Maximum number of parts."""
FIELD_BYTES = 16_384
"""Maximum length of a field's value."""
PLAIN = frozenset({b"", b"binary", b"8bit", b"7bit"})
"""Encodings of a part that leave its bytes as they are."""


def boundary_of(content_type: str) -> bytes:
    """The boundary that a Content-Type names.

    Raises:
        Problem: 415, the type is no ``multipart/form-data``; 400, it names no boundary.
    """
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        raise Problem(
            415,
            "unsupported_media_type",
            f"Send multipart/form-data, not {on_one_line(content_type, 100) or 'an unnamed type'}.",
        )
    if not options.get(b"boundary"):
        raise malformed("its Content-Type names no boundary")
    return options[b"boundary"]


def malformed(reason: str) -> Problem:
    """400: the body is no valid form."""
    return Problem(400, "malformed_multipart", f"The form cannot be read: {reason}.")


class FormReader:
    """The form as far as it was fed."""

    def __init__(self, boundary: bytes, fields: Collection[str], many: Collection[str]) -> None:
        """
        Args:
            fields: names of the fields that may come once.
            many: names of those that may be repeated.

        Raises:
            Problem: 400, no form has such a boundary.
        """
        self.values: dict[str, list[str]] = {}
        self.file_name: str | None = None
        """Name of the file as its sender wrote it, once its part has begun."""
        self.complete = False
        self._once, self._many = frozenset(fields), frozenset(many)
        self._parts = 0
        self._blocks: list[memoryview] = []
        self._begin()
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": self._header_name,
                    "on_header_value": self._header_value,
                    "on_header_end": self._header_end,
                    "on_headers_finished": self._headers,
                    "on_part_data": self._data,
                    "on_part_end": self._end,
                    "on_end": self._all,
                },
            )
        except FormParserError as error:
            raise malformed(str(error)) from error

    def feed(self, data: bytes) -> list[memoryview]:
        """Reads on, and returns what of it belongs to the file.

        Raises:
            Problem: 400, not a form; 422, a part that does not belong there.
        """
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise malformed(on_one_line(str(error), 200)) from error
        blocks, self._blocks = self._blocks, []
        return blocks

    def _begin(self) -> None:
        self._name, self._is_file = "", False
        self._value = bytearray()
        self._headers_seen: dict[bytes, bytes] = {}
        self._field, self._text = bytearray(), bytearray()

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._text += data[start:end]

    def _header_end(self) -> None:
        self._headers_seen[bytes(self._field).lower()] = bytes(self._text)
        self._field, self._text = bytearray(), bytearray()

    def _headers(self) -> None:
        self._parts += 1
        if self._parts > PARTS:
            raise refused("too_many_parts", f"A form has at most {PARTS} parts.")
        kind, options = parse_options_header(self._headers_seen.get(b"content-disposition"))
        if kind != b"form-data" or b"name" not in options:
            raise malformed("a part has no Content-Disposition with a name")
        if self._headers_seen.get(b"content-transfer-encoding", b"").lower() not in PLAIN:
            raise refused("encoded_part", "Send parts as they are, without a transfer encoding.")
        self._name = options[b"name"].decode(errors="replace")
        self._place(options.get(b"filename"))

    def _place(self, file_name: bytes | None) -> None:
        shown = on_one_line(self._name, 100)
        if self._name == FILE:
            if file_name is None:
                raise refused("not_a_file", "`file` must be a file, with a file name.")
            if self.file_name is not None:
                raise refused("several_files", "Send one file a request.")
            quoted = file_name.replace(b"%22", b'"')  # browsers and curl write quotes so
            self.file_name, self._is_file = quoted.decode(errors="replace"), True
        elif self._name not in self._once | self._many:
            known = ", ".join(sorted({FILE, *self._once, *self._many}))
            raise refused("unknown_field", f"There is no field `{shown}`; there are {known}.")
        elif file_name is not None:
            raise refused("not_a_field", f"`{shown}` must be a value, not a file.")
        elif self._name in self.values and self._name not in self._many:
            raise refused("repeated_field", f"`{shown}` may be given once.")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._blocks.append(memoryview(data)[start:end])
            return
        self._value += data[start:end]
        if len(self._value) > FIELD_BYTES:
            shown = on_one_line(self._name, 100)
            raise refused("field_too_long", f"`{shown}` is longer than {FIELD_BYTES} bytes.")

    def _end(self) -> None:
        if self._is_file:
            return
        try:
            value = self._value.decode()
        except UnicodeDecodeError as error:
            shown = on_one_line(self._name, 100)
            raise refused("not_utf8", f"`{shown}` is not UTF-8.") from error
        self.values.setdefault(self._name, []).append(value)

    def _all(self) -> None:
        self.complete = True


def refused(code: str, detail: str) -> Problem:
    """422: a form that this operation does not take."""
    return Problem(422, code, detail)
