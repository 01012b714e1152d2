"""``--dry-run``: checks settings and files, and prints what a run would do; nothing is started,
submitted or written."""

from collections import Counter

import psycopg

from cli.batch.folder import files_in, input_folder
from cli.batch.named_models import check_files, check_releases
from cli.ingest import validate
from cli.localstack.limits import number, of_this_machine
from cli.terminal.console import say, show
from earshot.analysis.errors import Unavailable
from earshot.analysis.states import RecordingState
from earshot.pipeline.releases import active
from earshot.settings import Settings, settings
from earshot.storage.postgres.db import connect
from producer.batch import Content, contents, stored
from producer.submit import Options


def say_what(*, retry_failed: bool) -> int:
    """Returns 1 if a file cannot be analysed."""
    config = settings()
    check_files(config)
    folder = input_folder(config)
    for each in of_this_machine():
        asked = "not set" if each.asked is None else f"{each.asked:g}"
        show(f"{each.key}: {asked}, effective {each.effective}, by {each.limited_by}")
    files = files_in(folder, Counter())
    failed = validate(files, accept_truncated=False) if files else 0
    found, _ = contents(files, int(number(of_this_machine().io_children)))
    show(f"{folder}: {len(files)} files, {len(found)} calls; {_known(config, found, retry_failed)}")
    return failed


def _known(config: Settings, found: list[Content], retry_failed: bool) -> str:
    if not config.database_url:
        return "the local stack is down, so what is stored is not known"
    try:
        with connect() as connection:
            check_releases(config, active(connection))
            known = stored(connection, found, Options(), failed_again=retry_failed)
    except (Unavailable, psycopg.Error) as error:
        say(f"what is stored is not known: {' '.join(str(error).split())}")
        return "what is stored is not known"
    states = Counter(each.state for each in known.values())
    failed = states.pop(RecordingState.FAILED, 0)
    done = sum(number for state, number in states.items() if state.closed)
    in_work = sum(states.values()) - done
    return (
        f"{len(found) - len(known)} would be submitted, {done} are stored, {in_work} are in work,"
        f" {failed} failed before"
    )
