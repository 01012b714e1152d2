"""Rules in Postgres: every change is a new version, by a name of a person or a token."""

import logging
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb
from pydantic import ValidationError

from earshot.analysis.errors import Permanent
from earshot.analysis.rules.evaluate import Versioned
from earshot.analysis.rules.rule import Rule
from earshot.analysis.types import Frozen
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries

SQL = queries("rules")
log = logging.getLogger(__name__)
MOST = 200
"""Rules of a tenant."""


class StoredRule(Frozen):
    """A version of a rule."""

    id: UUID
    tenant: str
    name: str
    version: int
    body: Rule
    made_at: datetime
    made_by: str
    matches: int
    """Recordings that this version matches; of the current one, that any version does."""

    @property
    def versioned(self) -> Versioned:
        """As it is evaluated."""
        return Versioned(self.id, self.version, self.body)


def find(connection: Connection, tenant: str, name: str) -> StoredRule:
    """The current version of a rule.

    Raises:
        Permanent: ``no_such_rule``.
    """
    row = connection.execute(SQL["find"], {"tenant": tenant, "name": name}).fetchone()
    if row is None:
        raise Permanent("no_such_rule", f"there is no rule {name}")
    return StoredRule.model_validate(row)


def list_all(connection: Connection, tenant: str) -> list[StoredRule]:
    """The current versions of the tenant's rules, by name."""
    rows = connection.execute(SQL["find"], {"tenant": tenant, "name": None})
    return [StoredRule.model_validate(row) for row in rows]


def versions(connection: Connection, id: UUID, limit: int = 100) -> list[StoredRule]:
    """The versions of a rule, newest first."""
    rows = connection.execute(SQL["versions"], {"id": id, "limit": limit})
    return [StoredRule.model_validate(row) for row in rows]


def put(connection: Connection, tenant: str, rule: Rule, by: str) -> tuple[StoredRule, bool]:
    """Stores a rule, as a new version where there is one of its name with another content. Back-
    fills of its earlier versions end. Returns the rule, and whether anything changed.

    Args:
        by: name of the person or token.

    Raises:
        Permanent: ``too_many_rules``.
    """
    args: dict[str, Any] = {"tenant": tenant, "name": rule.name}
    with connection.transaction():
        connection.execute(SQL["lock_name"], args)
        row = connection.execute(SQL["find"], args).fetchone()
        now = StoredRule.model_validate(row) if row else None
        if now is not None and now.body == rule:
            return now, False
        if now is None:
            counted = connection.execute(SQL["count"], args).fetchone()
            if counted and counted["rules"] >= MOST:
                raise Permanent("too_many_rules", f"a tenant has at most {MOST} rules")
        args |= {"id": now.id if now else uuid4(), "version": now.version + 1 if now else 1}
        connection.execute(SQL["put"], args)
        connection.execute(SQL["put_version"], {**args, "body": Jsonb(rule.stored()), "by": by})
        connection.execute(SQL["end_backfills"], {"rule_id": args["id"]})
        return find(connection, tenant, rule.name), True


def delete(connection: Connection, tenant: str, name: str, by: str) -> None:
    """Deletes a rule: reports no longer have its matches. Its versions stay, with who deleted it.

    Raises:
        Permanent: ``no_such_rule``.
    """
    args = {"tenant": tenant, "name": name, "by": by}
    with connection.transaction():
        connection.execute(SQL["lock_name"], args)
        row = connection.execute(SQL["delete"], args).fetchone()
        if row is None:
            raise Permanent("no_such_rule", f"there is no rule {name}")
        connection.execute(SQL["end_backfills"], {"rule_id": row["id"]})


def of_recording(connection: Connection, recording_id: UUID) -> list[Versioned]:
    """The enabled rules of the recording's tenant, by name, without those that are none."""
    found = []
    for row in connection.execute(SQL["of_recording"], {"recording_id": recording_id}):
        try:
            rule = Rule.model_validate(row["body"])
        except ValidationError as error:  # stored by a version that permitted it
            log.error("rule %s is not evaluated, it is none: %s", row["id"], error)
            continue
        found.append(Versioned(row["id"], row["version"], rule))
    return found
