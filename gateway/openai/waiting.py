"""Waits for the report that answers a transcription."""

import asyncio
from uuid import UUID

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from earshot.analysis.report.report import Report
from earshot.settings import settings
from earshot.storage.postgres.corrections import Stored
from gateway.door import Caller
from gateway.openai.answers import Answer
from gateway.openai.options import Options
from gateway.problems import Problem
from gateway.reading import owned
from gateway.submitting import links

NO_RETRY = {"X-Should-Retry": "false"}
"""Keeps OpenAI's clients from sending the file again after 504."""


async def finished(request: Request, recording_id: UUID, asked: Options) -> Answer:
    """The answer, once the recording is finished.

    Raises:
        Problem: 410, it was deleted meanwhile; 422, it cannot be analysed, or not all of it; 504,
            not in time.
        Unavailable: Postgres or Redis is unavailable.
    """
    caller: Caller = request.state.caller
    sec = settings().openai_answer_sec
    found = await owned.finished(request.app.state.waiting, caller.tenant, recording_id, sec)
    if found is None:
        address = links(recording_id)["recording"]
        raise Problem(
            504,
            "not_finished",
            f"The recording is not finished after {sec:g} s; it is analysed further, and will be"
            f" at {address}.",
            NO_RETRY,
            recording_id=str(recording_id),
            links=links(recording_id),
        )
    if found.error_code is not None:
        raise _failed(found.id, found.error_code, str(found.error_detail))
    stored = await run_in_threadpool(owned.kept, found.id)
    return await owned.layered(stored, lambda: _answer(found.id, stored, asked))


async def left(request: Request) -> None:
    """Returns when the client is gone; the whole body was read before."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def first(work: "asyncio.Task[Answer]", end: "asyncio.Task[None]") -> Answer:
    """The result of ``work``, unless ``end`` comes first.

    Raises:
        Problem: 400, the client is gone.
    """
    try:
        await asyncio.wait({work, end}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            raise Problem(400, "disconnected", "The connection ended before the answer.")
        return work.result()
    finally:
        work.cancel()
        end.cancel()


def _failed(recording_id: UUID, code: str, detail: str) -> Problem:
    return Problem(422, code, detail, recording_id=str(recording_id), links=links(recording_id))


def _answer(recording_id: UUID, stored: Stored, asked: Options) -> Answer:
    report = Report.model_validate(stored.report())
    for missing in report.missing:
        if missing.analysis in asked.analyses:
            raise _failed(recording_id, missing.code, f"{missing.analysis}: {missing.detail}")
    return Answer(report)
