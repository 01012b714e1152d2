"""The language of speech whose sender names none: detected by a recogniser that can, never left to
one that cannot."""

from collections.abc import Iterator

import pytest

from earshot.analysis.types import Release
from earshot.models.checkpoints.defaults import default_release
from earshot.pipeline.releases import unnamed_language
from earshot.storage.postgres import db, releases

pytestmark = pytest.mark.integration


@pytest.fixture
def connection(database_url: str) -> Iterator[db.Connection]:
    with db.connect(database_url) as open_:
        try:
            yield open_
        finally:
            releases.deactivate(open_, default_release("asr"), releases.by_command("test"))


@pytest.mark.parametrize(
    ("runtime", "language"),
    [
        (None, "en"),
        ("faster-whisper", "und"),
        ("transformers-whisper", "und"),
        ("transformers-ctc", "en"),
        ("pocketsphinx", "en"),
    ],
)
def test_by_the_active_release(
    connection: db.Connection, runtime: str | None, language: str
) -> None:
    if runtime is not None:
        releases.activate(
            connection,
            Release(
                analysis="asr",
                name=f"a-{runtime}",
                runtime=runtime,
                uri="file:///a",
                sha256="0" * 64,
            ),
            releases.by_command("test"),
        )
    assert unnamed_language(connection) == language
