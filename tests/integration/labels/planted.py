"""Stored calls with sound: a minute of noise, which all of them share."""

from pathlib import Path
from uuid import UUID

import numpy as np

from earshot.storage.postgres.db import Connection
from tests import stored_calls

RATE, SECONDS = 16_000, 60


def calls(connection: Connection, folder: Path, tenant: str, count: int) -> list[UUID]:
    """Plants calls, newest first, whose turns after the first minute have no sound."""
    path = folder / "sound.pcm"
    if not path.exists():
        samples = np.random.default_rng(7).integers(-9000, 9000, (RATE * SECONDS, 2))
        path.write_bytes(samples.astype("<i2").tobytes())
    stored_calls.plant(connection, tenant, count)
    connection.execute(
        "UPDATE recording SET audio = jsonb_build_object('16000', %s::text),"
        " request = jsonb_build_object('uri', 'file:///calls/' || tenant || '/' || file_name)"
        " WHERE tenant = %s",
        (path.as_uri(), tenant),
    )
    rows = connection.execute(
        "SELECT id FROM recording WHERE tenant = %s ORDER BY created_at DESC", (tenant,)
    )
    return [row["id"] for row in rows]
