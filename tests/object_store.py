"""A server that speaks S3, for tests of remote stores."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import fsspec
import pytest
from s3fs import S3FileSystem

from cli.localstack import waiting
from tests.servers import accepts, free_port

BUCKET = "earshot-tests"
STORE = f"s3://{BUCKET}/store"


@contextmanager
def object_store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The file system of an empty bucket, which this process and those that it starts find by
    their environment."""
    port = free_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    S3FileSystem.clear_instance_cache()
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        waiting.until(lambda: accepts(port), 60, "the object store")
        fs, _ = fsspec.core.url_to_fs(STORE)
        fs.mkdir(BUCKET)
        yield fs
    finally:
        S3FileSystem.clear_instance_cache()
        server.terminate()
        server.wait(30)


def open_parts(fs: Any) -> list[str]:
    """Keys of the multipart uploads that are neither complete nor removed."""
    found = fs.call_s3("list_multipart_uploads", Bucket=BUCKET)
    return [each["Key"] for each in found.get("Uploads", ())]
