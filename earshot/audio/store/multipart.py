"""Uploads in pieces as multipart uploads of S3.

All parts but the last have one size, and what does not fill a part is an object beside the upload
(``<bytes>.rest``), named by the number of bytes that are stored with it. So that number alone says
what to continue from: any process can, and what a dead process wrote beyond it is never read. If
there are keys, each part is whole blocks of a sealed file, whose header lies beside the upload
(``.head``) until it is complete.
"""

from contextlib import suppress
from typing import Any

import fsspec

from earshot.analysis.errors import Unavailable
from earshot.audio.sealing.cipher import (
    PLAIN,
    Cipher,
    cipher_of,
    new_cipher,
    sealed,
    sealed_size,
)
from earshot.audio.sealing.objects import read_object
from earshot.audio.store.layout import store_errors

LEAST_PART = 5 << 20
"""Bytes, whole blocks of sealed files; S3 refuses smaller parts, except the last one."""
MOST_PARTS = 10_000
REST = ".rest"
HEAD = ".head"


def part_bytes(length: int) -> int:
    """Bytes of each part but the last, of an upload of ``length`` bytes."""
    return max(LEAST_PART, -(-length // (MOST_PARTS * PLAIN)) * PLAIN)


def supported(uri: str) -> bool:
    """True if the store speaks S3."""
    return hasattr(fsspec.core.url_to_fs(uri)[0], "call_s3")


class Multipart:
    """One multipart upload. Every method raises ``Unavailable`` (``store_unavailable``) if the
    store does not answer, and ``BadAudio`` (``missing``) if the upload is not there."""

    def __init__(self, uri: str, multipart: str, length: int) -> None:
        """
        Args:
            multipart: its id at the store.
            length: bytes of the whole upload.
        """
        self._uri, self._id, self._length = uri, multipart, length
        self._fs, self._path = fsspec.core.url_to_fs(uri)
        self._size = part_bytes(length)

    @staticmethod
    def begin(uri: str) -> str:
        """Begins one, and returns its id."""
        fs, path = fsspec.core.url_to_fs(uri)
        bucket, key, _ = fs.split_path(path)
        with store_errors(uri):
            made = fs.call_s3("create_multipart_upload", Bucket=bucket, Key=key)
            if (own := new_cipher()) is not None:
                fs.pipe_file(_head(path), own[0])
        return str(made["UploadId"])

    def append(self, reach: int, data: bytes) -> None:
        """Stores the bytes from ``reach`` on."""
        with store_errors(self._uri):
            self._remove_rests(but=reach)
            whole, behind = divmod(reach, self._size)
            waiting = (self._read_rest(reach, behind) if behind else b"") + data
            end, head = reach + len(data), self._read_head()
            cipher = cipher_of(head)
            while len(waiting) >= self._size or (waiting and end == self._length):
                whole += 1
                part, waiting = waiting[: self._size], waiting[self._size :]
                body = part if cipher is None else self._sealed(part, whole, head, cipher)
                self._call("upload_part", PartNumber=whole, Body=body)
            if waiting:
                self._fs.pipe_file(self._rest(end), waiting if cipher is None else sealed(waiting))

    def complete(self) -> None:
        """Makes the object of the parts; nothing happens if another process has done it."""
        with store_errors(self._uri):
            is_sealed = cipher_of(self._read_head()) is not None
            try:
                self._call("complete_multipart_upload", MultipartUpload={"Parts": self._parts()})
            except FileNotFoundError:
                self._fs.invalidate_cache()
                lengths = (self._length, sealed_size(self._length))
                if self._fs.size(self._path) not in (lengths[1:] if is_sealed else lengths):
                    raise
            self._remove_rests()

    def discard(self) -> None:
        """Removes the parts and what lies beside them, as often as it is called."""
        with store_errors(self._uri):
            with suppress(FileNotFoundError):  # removed, or complete
                self._call("abort_multipart_upload")
            self._remove_rests()

    def _call(self, operation: str, **parameters: Any) -> Any:
        bucket, key, _ = self._fs.split_path(self._path)
        return self._fs.call_s3(operation, Bucket=bucket, Key=key, UploadId=self._id, **parameters)

    def _parts(self) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = []
        more = True
        while more:
            marker = parts[-1]["PartNumber"] if parts else 0
            page = self._call("list_parts", PartNumberMarker=marker)
            parts += [
                {"PartNumber": each["PartNumber"], "ETag": each["ETag"]}
                for each in page.get("Parts", ())
            ]
            more = page["IsTruncated"]
        return parts

    def _rest(self, reach: int) -> str:
        return f"{self._path.rpartition('/')[0]}/{reach}{REST}"

    def _read_rest(self, reach: int, size: int) -> bytes:
        found = read_object(self._fs, self._rest(reach), 0, size)
        if len(found) != size:
            raise Unavailable("store_unavailable", f"{self._rest(reach)} has {len(found)} bytes")
        return found

    def _remove_rests(self, but: int | None = None) -> None:
        self._fs.invalidate_cache()
        kept = None if but is None else self._rest(but)
        for name in self._fs.find(self._path.rpartition("/")[0]):
            if name.endswith((REST,) if but is not None else (REST, HEAD)) and name != kept:
                self._fs.rm_file(name)

    def _read_head(self) -> bytes:
        """Of a sealed upload; empty for others."""
        try:
            return bytes(self._fs.cat_file(_head(self._path)))
        except FileNotFoundError:
            return b""

    def _sealed(self, part: bytes, number: int, head: bytes, cipher: Cipher) -> bytes:
        first = (number - 1) * self._size // PLAIN
        starts = range(0, len(part), PLAIN)
        blocks = [cipher.seal(first + at // PLAIN, part[at : at + PLAIN]) for at in starts]
        return (head if number == 1 else b"") + b"".join(blocks)


def _head(path: str) -> str:
    return f"{path.rpartition('/')[0]}/{HEAD}"
