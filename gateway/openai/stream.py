"""The answer as server-sent events."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Iterator

from pydantic_core import to_json

from earshot.analysis.errors import EarshotError
from gateway.openai.answers import Answer
from gateway.openai.errors import body, shaped
from gateway.openai.options import Options
from gateway.problems import Problem

log = logging.getLogger(__name__)

COMMENT_SEC = 15.0
COMMENT = b": waiting\n\n"


async def events(work: Awaitable[Answer], asked: Options, request_id: str) -> AsyncIterator[bytes]:
    """Comments until the answer is there, then its events; an error is an event too, because the
    status was sent before."""
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            yield COMMENT
            await asyncio.wait({task}, timeout=COMMENT_SEC)
        try:
            answer = task.result()
        except (EarshotError, Problem) as error:
            yield _event(_error(error))
            return
        except Exception:
            log.exception("request %s failed", request_id)
            yield _event(_error(Problem(500, "internal_error", f"Request {request_id} failed.")))
            return
        for event in _of(answer, asked):
            yield _event(event)
    finally:
        task.cancel()


def _of(answer: Answer, asked: Options) -> Iterator[dict[str, object]]:
    diarized = asked.response_format == "diarized_json"
    for turn, delta in zip(answer.turns, answer.deltas, strict=True):
        event: dict[str, object] = {"type": "transcript.text.delta", "delta": delta}
        if diarized:
            event["segment_id"] = turn.id
        yield event
        if diarized:
            yield answer.diarized(turn).model_dump(mode="json", exclude_none=True)
    extras = answer.extras().model_dump(mode="json", exclude_none=True)
    yield {"type": "transcript.text.done", "text": answer.text, "earshot": extras}


def _error(error: EarshotError | Problem) -> dict[str, object]:
    try:
        with shaped():
            raise error
    except Problem as problem:
        return {"error": {**body(problem), **_named(problem)}}


def _named(problem: Problem) -> dict[str, object]:
    return {key: problem.further[key] for key in ("recording_id",) if key in problem.further}


def _event(data: dict[str, object]) -> bytes:
    kind = str(data.get("type", "error"))
    return f"event: {kind}\ndata: ".encode() + to_json(data) + b"\n\n"
