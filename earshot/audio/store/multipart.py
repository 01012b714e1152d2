"""Uploads in pieces as multipart uploads of S3.

All parts but the last have one size, and what does not fill a part is an object beside the upload
(``<bytes>.rest``), named by the number of bytes that are stored with it. So that number alone says
what to continue from: any process can, and what a dead process wrote beyond it is never read.
"""

from contextlib import suppress
from typing import Any

import fsspec

from earshot.analysis.errors import Unavailable
from earshot.audio.store.layout import store_errors

LEAST_PART = 5 << 20
"""Bytes; S3 refuses smaller parts, except the last one."""
MOST_PARTS = 10_000
REST = ".rest"


def part_bytes(length: int) -> int:
    """Bytes of each part but the last, of an upload of ``length`` bytes."""
    return max(LEAST_PART, -(-length // MOST_PARTS))


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
        return str(made["UploadId"])

    def append(self, reach: int, data: bytes) -> None:
        """Stores the bytes from ``reach`` on."""
        with store_errors(self._uri):
            self._remove_rests(but=reach)
            whole, behind = divmod(reach, self._size)
            waiting = (self._read_rest(reach, behind) if behind else b"") + data
            end = reach + len(data)
            while len(waiting) >= self._size or (waiting and end == self._length):
                whole += 1
                part, waiting = waiting[: self._size], waiting[self._size :]
                self._call("upload_part", PartNumber=whole, Body=part)
            if waiting:
                self._fs.pipe_file(self._rest(end), waiting)

    def complete(self) -> None:
        """Makes the object of the parts; nothing happens if another process has done it."""
        with store_errors(self._uri):
            try:
                self._call("complete_multipart_upload", MultipartUpload={"Parts": self._parts()})
            except FileNotFoundError:
                self._fs.invalidate_cache()
                if self._fs.size(self._path) != self._length:
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
        found: bytes = self._fs.cat_file(self._rest(reach))
        if len(found) != size:
            raise Unavailable("store_unavailable", f"{self._rest(reach)} has {len(found)} bytes")
        return found

    def _remove_rests(self, but: int | None = None) -> None:
        self._fs.invalidate_cache()
        kept = None if but is None else self._rest(but)
        for name in self._fs.find(self._path.rpartition("/")[0]):
            if name.endswith(REST) and name != kept:
                self._fs.rm_file(name)
