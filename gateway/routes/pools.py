"""Operating: the standing of the pools, their pauses, and dead letters; of all tenants."""

from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from earshot.analysis.errors import Misconfigured
from earshot.pipeline import letters, standing
from earshot.pipeline.rerun import start_round
from earshot.pipeline.standing import Pool
from earshot.settings import settings
from earshot.storage.postgres import db, dead_letters
from earshot.storage.postgres.dead_letters import DeadLetter
from earshot.storage.postgres.tokens import Scope
from earshot.storage.redis import client as redis
from gateway import examples
from gateway.door import Door, operation
from gateway.problems import Problem, not_found
from gateway.reading.filters import only_known
from gateway.submitting import check_room
from tasks import publisher

router = APIRouter(route_class=Door, tags=["operating"])

MOST = 200
"""Letters on a page, or in a request."""
BAD = {400: "The body is no JSON.", 422: "The body is invalid."}
POOL: dict[str, Any] = {
    "pool": "asr",
    "state": "running",
    "depth": 12,
    "oldest_sec": 41.2,
    "per_minute": 18.4,
    "empty_in_sec": 39.1,
    "chunks": 60,
    "failures": 0,
    "dead_letters": 0,
    "workers": 1,
    "children": 2,
    "busy": 2,
    "paused": False,
    "pausable": True,
}
LETTER: dict[str, Any] = {
    "id": 7,
    "recording_id": examples.ID,
    "tenant": "default",
    "file_name": "call.wav",
    "chunk_index": 3,
    "round": 1,
    "start_ms": 45_000,
    "end_ms": 60_000,
    "analysis": "asr",
    "release": "asr-embedded-2",
    "code": "worker_lost",
    "reason": "it ended 3 workers",
    "worker": "asr@host",
    "attempts": 3,
    "state": "open",
    "created_at": "2026-05-04T09:30:00.123456Z",
}


def _shown(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [example]})


class PoolList(BaseModel):
    """All pools."""

    model_config = _shown({"pools": [POOL], "flower_url": None})

    pools: list[Pool]
    flower_url: str | None = Field(description="`EARSHOT_FLOWER_URL`, if it is set.")


class OnePool(Pool):
    """A pool after a change."""

    model_config = _shown(POOL)


class LetterPage(BaseModel):
    """A part of the letters, oldest first."""

    model_config = _shown({"dead_letters": [LETTER], "next_cursor": None})

    dead_letters: list[DeadLetter]
    next_cursor: int | None = Field(description="Send it as `cursor`; null at the end.")


class Named(BaseModel):
    """Letters by their ids."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"ids": [7]}]})

    ids: Annotated[
        list[Annotated[int, Field(ge=1, le=2**63 - 1)]], Field(min_length=1, max_length=MOST)
    ]


class Refusal(BaseModel):
    """A letter that was not replayed, and why."""

    id: int
    code: str
    detail: str


class ReplayedLetters(BaseModel):
    """What became of the letters."""

    model_config = _shown({"replayed": [7], "refused": []})

    replayed: list[int]
    refused: list[Refusal]


class DiscardedLetters(BaseModel):
    """The letters that were open."""

    model_config = _shown({"discarded": [7]})

    discarded: list[int]


@router.get("/pools", summary="The standing of every pool", **operation(Scope.OPERATOR))
def list_pools(request: Request) -> PoolList:
    """What waits in the queues of each pool, since when and at which pace; and its workers."""
    return PoolList(pools=_standing(), flower_url=settings().flower_url or None)


def _standing() -> list[Pool]:
    with db.pooled() as connection:
        return standing.standing(connection, redis.client())


@router.post(
    "/pools/{pool}/pause",
    summary="Pause a pool",
    **operation(Scope.OPERATOR, answers={404: "No such pool.", 409: "It cannot be paused."}),
)
def pause(request: Request, pool: str) -> OnePool:
    """Its workers take no further jobs from their next heartbeat on, within about two seconds, and
    finish what they have begun. A pause outlasts every restart."""
    _check(pool)
    try:
        with db.pooled() as connection:
            standing.pause(connection, redis.client(), pool)
    except Misconfigured as error:
        raise Problem(409, "not_pausable", str(error)) from error
    return _one(pool)


@router.post(
    "/pools/{pool}/resume",
    summary="End the pause of a pool",
    **operation(Scope.OPERATOR, answers={404: "No such pool."}),
)
def resume(request: Request, pool: str) -> OnePool:
    _check(pool)
    with db.pooled() as connection:
        standing.resume(connection, redis.client(), pool)
    return _one(pool)


def _check(pool: str) -> None:
    if pool not in standing.names():
        raise not_found()


def _one(pool: str) -> OnePool:
    found = next(each for each in _standing() if each.pool == pool)
    return OnePool(**found.model_dump())


@router.get(
    "/dead-letters",
    summary="Analyses that were given up, of all tenants, oldest first",
    dependencies=[Depends(only_known)],
    **operation(Scope.OPERATOR, answers={422: "A parameter is invalid."}),
)
def list_letters(
    request: Request,
    state: Annotated[
        Literal["open", "all"], Query(description="`all`: replayed and discarded ones, too.")
    ] = "open",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
    cursor: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
) -> LetterPage:
    with db.pooled() as connection:
        found = dead_letters.listed(
            connection, closed=state == "all", after=cursor, limit=limit + 1
        )
    rows, more = found[:limit], len(found) > limit
    return LetterPage(dead_letters=rows, next_cursor=rows[-1].id if more else None)


@router.post(
    "/dead-letters/replay",
    summary="Analyse again what dead letters name",
    **operation(Scope.OPERATOR, answers=BAD),
)
def replay(request: Request, named: Named) -> ReplayedLetters:
    """Those of one recording in one round. A letter that is not open, or whose recording is still
    analysed, is refused."""
    check_room()
    with db.pooled() as connection:
        found = dead_letters.opened(connection, named.ids)
        start = partial(start_round, connection, publisher)
        done = list(letters.replay(found, start))
    unknown = sorted(set(named.ids) - {each.id for each in found})
    refused = [Refusal(id=each, code="not_open", detail="No open letter.") for each in unknown]
    refused += [
        Refusal(id=each, code=one.refusal.code, detail=str(one.refusal))
        for one in done
        if one.refusal
        for each in one.letters
    ]
    replayed = [each for one in done if not one.refusal for each in one.letters]
    return ReplayedLetters(replayed=sorted(replayed), refused=refused)


@router.post(
    "/dead-letters/discard",
    summary="Close dead letters; their analyses stay missing",
    **operation(Scope.OPERATOR, answers=BAD),
)
def discard(request: Request, named: Named) -> DiscardedLetters:
    with db.pooled() as connection:
        return DiscardedLetters(discarded=sorted(dead_letters.discard(connection, named.ids)))
