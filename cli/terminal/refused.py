"""Prints the refused messages for `earshot dead list`; only their senders can retry those."""

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.table import Table
from rich.text import Text

from cli.terminal.console import say, show
from earshot.analysis.printable import printable
from earshot.storage.redis.refused import Refused

MESSAGE_SHOWN = 80


def show_refused(newest: Sequence[Refused], total: int) -> None:
    """Prints the newest refused messages below the dead letters."""
    say(f"{total} messages were refused, the newest first; their senders must correct them:")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("refused (UTC)", "queue", "reason"):
        table.add_column(name, no_wrap=True)
    table.add_column("detail", overflow="fold")
    table.add_column("message", overflow="fold")
    for each in newest:
        words = (each.queue, each.reason, each.detail, each.message[:MESSAGE_SHOWN])
        table.add_row(_when(each), *(Text(printable(word)) for word in words))
    show(table)


def _when(message: Refused) -> str:
    """Time of a message: a stream's id begins with milliseconds since 1970."""
    return datetime.fromtimestamp(int(message.id.partition("-")[0]) / 1000, UTC).strftime(
        "%Y-%m-%d %H:%M:%S"
    )
