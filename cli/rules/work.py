"""What the verbs of ``earshot rules`` do."""

import getpass
from datetime import UTC, datetime
from pathlib import Path

from cli.terminal.console import say, show, show_json
from earshot.analysis.errors import Misconfigured
from earshot.analysis.rules.rule import MOST_BYTES, Rule, read
from earshot.pipeline.rules import backfill, trial
from earshot.pipeline.rules.trial import Trial
from earshot.storage import outbox
from earshot.storage.postgres import db
from earshot.storage.redis import client as redis
from earshot.storage.rules import stored


def list_rules(tenant: str) -> None:
    """Prints a line for each rule."""
    with db.once() as connection:
        for each in stored.list_all(connection, tenant):
            state = "enabled" if each.body.enabled else "disabled"
            show(
                f"{each.name}  version {each.version}  {state}  {each.matches} matches"
                f"  {each.made_at:%Y-%m-%d %H:%M} by {each.made_by}"
            )


def put(files: list[Path], tenant: str) -> int:
    """Stores the rules of all files, or none of them if one has a mistake."""
    rules = [_read(path) for path in files]
    with db.once() as connection:
        for rule in rules:
            made, changed = stored.put(connection, tenant, rule, _me())
            say(f"{made.name}: version {made.version}{'' if changed else ', as before'}")
    return 0


def show_rule(name: str, tenant: str, *, versions: bool) -> None:
    """Prints a rule, or a line of JSON for each of its versions, newest first."""
    with db.once() as connection:
        found = stored.find(connection, tenant, name)
        if not versions:
            show_json(found.body.stored())
            return
        for each in stored.versions(connection, found.id):
            facts = each.model_dump(mode="json", include={"version", "made_at", "made_by"})
            show_json({**facts, "rule": each.body.stored()})


def delete(name: str, tenant: str) -> None:
    """Deletes a rule."""
    with db.once() as connection:
        stored.delete(connection, tenant, name, _me())
    say(f"deleted rule {name}")


def dry_run(rule: str, since: datetime | None, calls: int, tenant: str) -> int:
    """Prints what a rule would match."""
    with db.once() as connection:
        path = Path(rule)
        found = _read(path) if path.is_file() else stored.find(connection, tenant, rule).body
        _print(found, trial.dry_run(connection, tenant, found, _utc(since), most=calls))
    return 0


def run_backfill(name: str, since: datetime | None, tenant: str, *, everything: bool) -> int:
    """Counts, and then evaluates the rule over all stored calls, here and now."""
    with db.once() as connection:
        rule = stored.find(connection, tenant, name).body
        tried = trial.dry_run(connection, tenant, rule, _utc(since))
        _print(rule, tried)
        if tried.everything and not everything:
            say("nothing is written; add --everything if that is meant")
            return 1
        begun = backfill.begin(connection, tenant, name, _utc(since), _me())
        while backfill.step(connection, begun.id):
            outbox.relay(connection, redis.client())
        outbox.relay(connection, redis.client())
        done = backfill.of_rule(connection, begun.rule_id)[0]
    say(f"{done.matched} of {done.calls} calls match version {done.version} of {name}")
    if done.finished_at is None:
        say("another process is at it")
    return 0


def _print(rule: Rule, tried: Trial) -> None:
    say(f"{rule.name} matches {tried.matched} of {tried.calls} calls")
    for why, number in tried.undecided.items():
        say(f"  {number} undecided: {why}")
    if tried.more:
        say("  older calls were not read: --calls, or --since")
    if tried.everything:
        say("  it matches nearly every call")
    for each in tried.examples:
        seconds = f"{each.start_ms / 1000:.1f} to {each.end_ms / 1000:.1f} s"
        show(f"{each.id}  {each.file_name}  {seconds}  {each.hits} places")


def _read(path: Path) -> Rule:
    try:
        with path.open("rb") as file:
            return read(path.name, file.read(MOST_BYTES + 1))
    except OSError as error:
        raise Misconfigured("rule", f"{path} cannot be read: {error.strerror}") from error


def _utc(when: datetime | None) -> datetime | None:
    return when and when.replace(tzinfo=UTC)


def _me() -> str:
    return f"{getpass.getuser()} (command line)"
