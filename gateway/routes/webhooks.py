"""Webhooks: endpoints that receive events, the log of their deliveries, replay."""

import base64
import binascii
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query, Request

from earshot.storage.postgres import db, deliveries
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.deliveries import REPLAYED_MOST, Logged, Range, State
from earshot.storage.postgres.tokens import Scope
from earshot.storage.webhooks import endpoints
from earshot.storage.webhooks.endpoints import MOST_ENDPOINTS, MOST_SECRETS, Endpoint
from gateway.door import Caller, Door, operation
from gateway.problems import Problem, not_found
from gateway.reading.filters import only_known
from gateway.webhooks.models import (
    CreatedWebhook,
    DeliveryList,
    NewSecret,
    NewWebhook,
    Queued,
    Replay,
    Replayed,
    WebhookChange,
    WebhookInfo,
    WebhookList,
)

router = APIRouter(route_class=Door, tags=["webhooks"])

UNCHANGED = WebhookChange.model_validate({})
BAD_JSON = "The body is no JSON."
NONE = {404: "There is no such webhook.", 422: "A parameter or the body is invalid."}


@router.post(
    "/webhooks",
    summary="Create a webhook",
    status_code=201,
    **operation(
        Scope.ADMIN,
        answers={
            400: BAD_JSON,
            409: f"The tenant has {MOST_ENDPOINTS} webhooks already.",
            422: "The body is invalid.",
        },
    ),
)
def create(request: Request, new: NewWebhook) -> CreatedWebhook:
    """The secret is in this answer only."""
    with db.pooled() as connection:
        made = endpoints.create(connection, _tenant(request), new.url, new.types)
    if made is None:
        raise Problem(409, "too_many_webhooks", f"There are {MOST_ENDPOINTS} webhooks already.")
    return CreatedWebhook.of(made).model_copy(update={"secret": made.secrets[0].secret})


@router.get("/webhooks", summary="List webhooks", **operation(Scope.ADMIN))
def list_all(request: Request) -> WebhookList:
    with db.pooled() as connection:
        found = endpoints.list_all(connection, _tenant(request))
    return WebhookList(items=[WebhookInfo.of(each) for each in found])


@router.get("/webhooks/{id}", summary="A webhook", **operation(Scope.ADMIN, answers=NONE))
def get(request: Request, id: UUID) -> WebhookInfo:
    with db.pooled() as connection:
        return WebhookInfo.of(_found(connection, request, id))


@router.patch(
    "/webhooks/{id}",
    summary="Change a webhook",
    **operation(Scope.ADMIN, answers={**NONE, 400: BAD_JSON}),
)
def change(request: Request, id: UUID, changes: WebhookChange = UNCHANGED) -> WebhookInfo:
    with db.pooled() as connection:
        changed = endpoints.change(
            connection,
            _tenant(request),
            id,
            url=changes.url,
            types=changes.types,
            enabled=None if changes.state is None else changes.state == "enabled",
        )
    if changed is None:
        raise not_found()
    return WebhookInfo.of(changed)


@router.delete(
    "/webhooks/{id}",
    summary="Remove a webhook with the log of its deliveries",
    status_code=204,
    **operation(Scope.ADMIN, answers=NONE),
)
def remove(request: Request, id: UUID) -> None:
    with db.pooled() as connection:
        if not endpoints.remove(connection, _tenant(request), id):
            raise not_found()


@router.post(
    "/webhooks/{id}/secret",
    summary="Give a webhook a new secret",
    status_code=201,
    **operation(Scope.ADMIN, answers={**NONE, 409: f"{MOST_SECRETS} secrets are valid already."}),
)
def rotate(request: Request, id: UUID) -> NewSecret:
    """The old secret signs as well for 24 hours."""
    with db.pooled() as connection:
        try:
            valid = endpoints.rotate(connection, _tenant(request), id)
        except ValueError as error:
            raise Problem(
                409, "too_many_secrets", f"{error}; the first ends within 24 h"
            ) from error
    if valid is None:
        raise not_found()
    return NewSecret(secret=valid[0].secret, old_until=valid[1].until if valid[1:] else None)


@router.post(
    "/webhooks/{id}/test",
    summary="Send a test event",
    status_code=202,
    **operation(Scope.ADMIN, answers={**NONE, 409: "The webhook is disabled."}),
)
def test(request: Request, id: UUID) -> Queued:
    """An event of the type `webhook.test`; the log has its outcome."""
    with db.pooled() as connection:
        _found(connection, request, id)
        made = deliveries.add_test(connection, id)
    if made is None:
        raise _disabled()
    request.app.state.sender.wake()
    return Queued(delivery_id=made)


@router.get(
    "/webhooks/{id}/deliveries",
    summary="The log of a webhook's deliveries",
    dependencies=[Depends(only_known)],
    **operation(Scope.ADMIN, answers=NONE),
)
def log(
    request: Request,
    id: UUID,
    state: Annotated[State | None, Query(description="Of this state only.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[
        str | None, Query(max_length=100, description="`next` of the page before.")
    ] = None,
) -> DeliveryList:
    """Each with its attempts. Dead letters are those of the state `dead`."""
    after = None if cursor is None else _position(cursor)
    with db.pooled() as connection:
        _found(connection, request, id)
        found = deliveries.log(connection, id, limit + 1, state, after)
    is_last = len(found) <= limit
    return DeliveryList(items=found[:limit], next=None if is_last else _cursor(found[limit - 1]))


@router.post(
    "/webhooks/{id}/replay",
    summary="Send deliveries again",
    status_code=202,
    **operation(Scope.ADMIN, answers={**NONE, 400: BAD_JSON, 409: "The webhook is disabled."}),
)
def replay(
    request: Request,
    id: UUID,
    which: Annotated[Replay | None, Body(examples=[{"state": "dead"}])] = None,
) -> Replayed:
    """One delivery, or a range of times or positions; dead letters with `{"state": "dead"}`."""
    with db.pooled() as connection:
        if _found(connection, request, id).state == "disabled":
            raise _disabled()
        if which is None:
            raise Problem(422, "invalid_request", "body: say what to send again")
        if which.delivery_id is not None:
            if not deliveries.again_one(connection, id, which.delivery_id):
                raise not_found()
            done = 1
        else:
            bounds = which.model_dump(exclude={"delivery_id"}, exclude_none=True)
            done = deliveries.again(connection, id, Range.model_validate(bounds))
    request.app.state.sender.wake()
    return Replayed(deliveries=done, more=done >= REPLAYED_MOST)


def _tenant(request: Request) -> str:
    caller: Caller = request.state.caller
    return caller.tenant


def _found(connection: Connection, request: Request, id: UUID) -> Endpoint:
    found = endpoints.get(connection, _tenant(request), id)
    if found is None:
        raise not_found()
    return found


def _disabled() -> Problem:
    return Problem(409, "webhook_disabled", "Enable it first: PATCH with `state` `enabled`.")


def _cursor(last: Logged) -> str:
    return base64.urlsafe_b64encode(f"{last.position}.{last.id}".encode()).decode().rstrip("=")


def _position(cursor: str) -> tuple[int, UUID]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        position, _, id = text.partition(".")
        if not position.isdigit() or len(position) > 18:
            raise ValueError(position)
        return int(position), UUID(id)
    except (ValueError, binascii.Error):
        raise Problem(422, "invalid_request", "query.cursor: no cursor of this log") from None
