"""Which release answers for each analysis now."""

from collections.abc import Mapping

import psycopg

from cli.terminal.console import say
from earshot.analysis.errors import Unavailable
from earshot.analysis.types import Release
from earshot.pipeline.releases import active
from earshot.settings import settings
from earshot.storage.postgres.db import connect


def serving() -> Mapping[str, Release]:
    """Analysis to its release, as the next job names it; by settings and catalog alone where no
    database is, or it does not answer."""
    url = settings().database_url
    if url:
        try:
            with connect(url) as connection:
                return active(connection)
        except (psycopg.Error, Unavailable) as error:
            said = " ".join(str(error).split())[:120]
            say(
                "active models are read from settings and catalog alone, the database does not"
                f" answer: {said}"
            )
    return active(None)
