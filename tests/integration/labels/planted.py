"""Stored calls with sound: a minute of noise, which all of them share."""

from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

from cli.labelling.work import give_label
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


def report(connection: Connection, recording_id: UUID) -> dict[str, Any]:
    row = connection.execute("SELECT body FROM report WHERE recording_id = %s", (recording_id,))
    found = row.fetchone()
    assert found is not None
    body: dict[str, Any] = found["body"]
    return body


def turn(connection: Connection, recording_id: UUID, index: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = report(connection, recording_id)["turns"][index]
    return found


def say(connection: Connection, recording_id: UUID, label: str, index: int = 0) -> None:
    at = turn(connection, recording_id, index)["start_ms"] / 1000 + 0.1
    give_label(str(recording_id), "emotion", at, None, None, label)
