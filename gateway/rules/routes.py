"""Rules: put, listed, deleted, tried over stored calls, back-filled."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from starlette.convertors import Convertor, register_url_convertor

from earshot.analysis.errors import Permanent
from earshot.analysis.rules.rule import NewRule, Rule
from earshot.pipeline.rules import backfill, trial
from earshot.storage.postgres import corrections, db
from earshot.storage.postgres.tokens import Scope
from earshot.storage.rules import stored
from gateway.door import Caller, Door, operation
from gateway.few import Few
from gateway.problems import Problem, not_found
from gateway.rules.models import (
    BackfillInfo,
    BackfillList,
    DryRun,
    NewBackfill,
    RuleInfo,
    RuleList,
    Tried,
)


class _RuleName(Convertor[str]):
    """Any name but that of the operation beside the rules."""

    regex = "(?!dry-run$)[^/]+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("rule", _RuleName())
router = APIRouter(route_class=Door, tags=["rules"])

Name = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", max_length=63)]
NONE = {404: "There is no such rule.", 422: "The name is invalid."}
CHANGE = {**NONE, 400: "The body is no JSON.", 422: "The body is invalid."}
TRIAL_SEC = 20.0
TRIALS = Few(2)
"""Each reads thousands of reports."""


@router.get("/rules", summary="List the rules", **operation(Scope.READ))
def list_all(request: Request) -> RuleList:
    with db.pooled() as connection:
        found = stored.list_all(connection, _caller(request).tenant)
    return RuleList(items=[RuleInfo.of(each) for each in found])


@router.get("/rules/{name:rule}", summary="A rule", **operation(Scope.READ, answers=NONE))
def get(request: Request, name: Name) -> RuleInfo:
    with _known(), db.pooled() as connection:
        return RuleInfo.of(stored.find(connection, _caller(request).tenant, name))


@router.get(
    "/rules/{name}/versions",
    summary="List the versions of a rule",
    **operation(Scope.READ, answers=NONE),
)
def list_versions(request: Request, name: Name) -> RuleList:
    """Newest first, at most a hundred: who made each, and when."""
    with _known(), db.pooled() as connection:
        rule = stored.find(connection, _caller(request).tenant, name)
        found = stored.versions(connection, rule.id)
    return RuleList(items=[RuleInfo.of(each) for each in found])


_PUT = operation(
    Scope.ADMIN,
    answers={
        400: "The body is no JSON.",
        409: f"The tenant has {stored.MOST} rules already.",
        422: "The name or the body is invalid.",
    },
)
_PUT["responses"][200] = {"model": RuleInfo, "description": "It was stored so already."}


@router.put("/rules/{name:rule}", summary="Store a rule", status_code=201, **_PUT)
def put(request: Request, response: Response, name: Name, new: NewRule) -> RuleInfo:
    """As a new version, where there is one with another content. New reports are evaluated with it;
    stored ones by a back-fill."""
    caller = _caller(request)
    rule = Rule(name=name, **dict(new))
    with db.pooled() as connection:
        by = corrections.name_of(connection, caller.token)
        try:
            made, changed = stored.put(connection, caller.tenant, rule, by)
        except Permanent as error:
            raise Problem(409, error.code, str(error)) from error
    if not changed:
        response.status_code = 200
    return RuleInfo.of(made)


@router.delete(
    "/rules/{name:rule}",
    summary="Delete a rule",
    status_code=204,
    **operation(Scope.ADMIN, answers=NONE),
)
def delete(request: Request, name: Name) -> None:
    """Reports no longer have its matches."""
    caller = _caller(request)
    with _known(), db.pooled() as connection:
        by = corrections.name_of(connection, caller.token)
        stored.delete(connection, caller.tenant, name, by)


@router.post(
    "/rules/dry-run",
    summary="Count the stored calls that a rule matches",
    **operation(Scope.WRITE, answers=CHANGE),
)
async def dry_run(request: Request, wanted: DryRun) -> Tried:
    """Nothing is written. `everything` is true where it matches nearly every call."""
    tenant = _caller(request).tenant

    def run() -> Tried:
        with _known(), db.pooled() as connection:
            rule: NewRule | None = wanted.rule
            if (rule is None) == (wanted.name is None):
                raise Problem(422, "invalid_request", "body: name a stored rule, or give one")
            if wanted.name is not None:
                rule = stored.find(connection, tenant, wanted.name).body
            assert rule is not None
            done = trial.dry_run(
                connection, tenant, rule, wanted.since, wanted.until, wanted.calls, TRIAL_SEC
            )
        return Tried(**dict(done))

    return await TRIALS.run(run)


@router.post(
    "/rules/{name}/backfill",
    summary="Evaluate a rule over stored calls",
    status_code=202,
    **operation(
        Scope.ADMIN,
        answers={**CHANGE, 409: "The rule matches nearly every call, or is disabled."},
    ),
)
async def begin_backfill(request: Request, name: Name, wanted: NewBackfill) -> BackfillInfo:
    """A dry run counts first. Upkeep does the work, newest calls first; the same request again
    gives the one under way."""
    caller = _caller(request)

    def begin() -> BackfillInfo:
        with _known(), db.pooled() as connection:
            rule = stored.find(connection, caller.tenant, name).body
            if not wanted.everything:
                tried = trial.dry_run(
                    connection, caller.tenant, rule, wanted.since, seconds=TRIAL_SEC
                )
                if tried.everything:
                    raise Problem(
                        409,
                        "matches_everything",
                        f"{name} matches {tried.matched} of {tried.calls} calls; send"
                        " `everything` if that is meant",
                    )
            by = corrections.name_of(connection, caller.token)
            try:
                begun = backfill.begin(connection, caller.tenant, name, wanted.since, by)
            except Permanent as error:
                if error.code == "rule_disabled":
                    raise Problem(409, error.code, str(error)) from error
                raise
        return BackfillInfo(**dict(begun))

    return await TRIALS.run(begin)


@router.get(
    "/rules/{name}/backfills",
    summary="List the back-fills of a rule",
    **operation(Scope.READ, answers=NONE),
)
def list_backfills(request: Request, name: Name) -> BackfillList:
    with _known(), db.pooled() as connection:
        rule = stored.find(connection, _caller(request).tenant, name)
        found = backfill.of_rule(connection, rule.id)
    return BackfillList(items=[BackfillInfo(**dict(each)) for each in found])


@contextmanager
def _known() -> Iterator[None]:
    try:
        yield
    except Permanent as error:
        raise (not_found() if error.code == "no_such_rule" else error) from error


def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller
