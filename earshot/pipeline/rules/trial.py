"""A dry run: how many stored calls a rule matches, without writing anything."""

import math
import time
from collections import Counter
from datetime import UTC, datetime
from itertools import islice
from uuid import UUID

from earshot.analysis.rules.rule import NewRule, Rule
from earshot.analysis.types import Frozen, Interval
from earshot.storage.postgres.db import Connection
from earshot.storage.rules.calls import Call, Range, pages

PAGE, EXAMPLES = 250, 10
CALLS, MOST_CALLS = 5_000, 20_000
"""Of one dry run, by default and at most; the newest."""
NEARLY_EVERY, OF_AT_LEAST = 0.95, 20
"""Share of the decided calls from which a rule matches nearly every one, and their least number."""


class Example(Interval):
    """A call that the rule matches."""

    id: UUID
    file_name: str
    created_at: datetime
    hits: int


class Trial(Frozen):
    """The outcome of a dry run."""

    calls: int
    matched: int
    undecided: dict[str, int]
    """Reason to number of calls: what the rule reads was not answered there."""
    everything: bool
    """It matches nearly every call that could be decided."""
    examples: tuple[Example, ...]
    """The newest."""
    more: bool
    """There are older calls, which were not read."""


def dry_run(
    connection: Connection,
    tenant: str,
    rule: NewRule,
    since: datetime | None = None,
    until: datetime | None = None,
    most: int = CALLS,
    seconds: float = math.inf,
) -> Trial:
    """Evaluates a rule, which need not be stored, over stored calls of a tenant.

    Args:
        seconds: after which no further page of calls is read; ``more`` says that there are some.
    """
    ends, late = time.monotonic() + seconds, False
    whole = rule if isinstance(rule, Rule) else Rule(**{"name": "dry-run", **dict(rule)})
    range_ = Range(tenant, since, until or datetime.now(UTC))
    seen, matched, why, examples = 0, 0, Counter[str](), list[Example]()
    for page in pages(connection, whole, range_, most + 1, PAGE):
        for call in islice(page, most - seen):
            matched += call.verdict.holds is True
            if call.verdict.holds is None:
                why[call.verdict.why or "unknown"] += 1
            elif call.verdict.holds and len(examples) < EXAMPLES:
                examples.append(_example(call))
        seen += len(page)
        late = time.monotonic() >= ends and len(page) == PAGE
        if late:
            break
    calls = min(seen, most)
    decided = calls - why.total()
    return Trial(
        calls=calls,
        matched=matched,
        undecided=dict(sorted(why.items())),
        everything=decided >= OF_AT_LEAST and matched >= NEARLY_EVERY * decided,
        examples=tuple(examples),
        more=late or seen > most,
    )


def _example(call: Call) -> Example:
    hits = call.verdict.hits
    return Example(
        id=call.id,
        file_name=call.file_name,
        created_at=call.created_at,
        start_ms=min(hit.start_ms for hit in hits),
        end_ms=max(hit.end_ms for hit in hits),
        hits=call.verdict.total,
    )
