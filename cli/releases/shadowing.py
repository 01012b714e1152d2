"""``earshot release shadow`` and ``diff``."""

from rich.table import Table

from cli.terminal.console import say, show, show_json
from earshot.analysis.errors import Permanent
from earshot.pipeline.releases import active
from earshot.pipeline.releasing import shadowing
from earshot.pipeline.releasing.difference import Clip, Difference, difference
from earshot.pools import SHADOW
from earshot.settings import settings
from earshot.storage.postgres.db import once
from earshot.storage.postgres.releases import by_command
from earshot.storage.redis import presence, timings
from earshot.storage.redis.client import client
from earshot.storage.releases import registered, shadows
from earshot.storage.releases.registered import Registered


def begin_shadow(
    name: str, analysis: str | None, share: float, why: str | None, *, as_json: bool
) -> None:
    """Puts a release in shadow.

    Raises:
        Permanent: no such release, it answers already, or its analysis has no comparison.
        Misconfigured: its file is missing or was changed.
        Forbidden: its licence does not allow the use of this installation.
    """
    with once() as connection:
        row = registered.find(connection, name, analysis)
        change = by_command(why or "shadow", metrics={"share": share})
        shadowing.begin(connection, row, share, change, settings())
    if as_json:
        show_json({"release": name, "analysis": row.release.analysis, "share": share})
    else:
        show(
            f"{name} answers {share:.0%} of the recordings that are finished from now on, in"
            f" shadow; `earshot release diff {name}` compares"
        )
    if not any(SHADOW in worker.queues for worker in presence.living(client())):
        say("no worker serves it: `earshot worker shadow` starts one")


def end_shadow(name: str, analysis: str | None, why: str | None, *, as_json: bool) -> None:
    """Ends the shadow of a release.

    Raises:
        Permanent: no such release, or it is not in shadow.
    """
    with once() as connection:
        row = registered.find(connection, name, analysis)
        if not shadowing.end(connection, row, by_command(why or "shadow ended")):
            raise Permanent("not_in_shadow", f"{name} is not in shadow; its stage is {row.stage}")
        stage = registered.find(connection, name, row.release.analysis).stage
    if as_json:
        show_json({"release": name, "analysis": row.release.analysis, "stage": stage})
    else:
        show(f"{name} is {stage} again; its answers are kept")


def show_difference(
    name: str, analysis: str | None, against: str | None, clips: int, *, as_json: bool
) -> None:
    """Prints a release against another one, over the recordings that it answered in shadow.

    Raises:
        Permanent: no such release, or it is compared with itself.
    """
    with once() as connection:
        row = registered.find(connection, name, analysis)
        other = against or active(connection)[row.release.analysis].name
        if other == name:
            raise Permanent(
                "itself", f"{name} answers now; name the release before it with --against"
            )
        found = difference(name, other, shadows.pairs(connection, row.release), _cost(row), clips)
        counts = shadows.counts(connection, row.release)
    if as_json:
        show_json(
            {
                "release": name,
                "analysis": row.release.analysis,
                "stage": row.stage,
                "share": row.shadow_share,
                "since": row.shadow_since and row.shadow_since.isoformat(timespec="seconds"),
                "sampled": [
                    {"state": state, "code": code, "recordings": number}
                    for state, code, number in counts
                ],
                **found.model_dump(mode="json"),
                "flip_share": round(found.flip_share, 4),
            }
        )
    else:
        _tell(row, counts, found)


def _cost(row: Registered) -> float | None:
    """CPU ms of the analysis's workers for a second of sound since the shadow began."""
    name = row.release.analysis
    before, now = {name: row.shadow_costs}, {name: shadowing.spent(name)}
    used = timings.since(before, now)[name]
    return round(1000 * used["cpu_ms"] / used["sound_ms"], 3) if used["sound_ms"] else None


def _tell(row: Registered, counts: list[tuple[str, str | None, int]], found: Difference) -> None:
    states = [f"{number} {state}{f' ({code})' if code else ''}" for state, code, number in counts]
    share = "" if row.shadow_share is None else f" of {row.shadow_share:.0%} of the recordings"
    show(f"{found.release} ({row.stage}) against {found.against}")
    show(f"sample{share}: {', '.join(states) or 'nothing yet'}")
    show(
        f"compared: {found.chunks} chunks of {found.recordings} recordings;"
        f" {found.flips} flips ({found.flip_share:.1%})"
    )
    for release, number in found.left_out.items():
        show(f"left out: {number} chunks that {release} answered")
    if found.active_failures:
        show(f"left out: {found.active_failures} chunks that {found.against} failed on")
    for code, number in found.failures.items():
        show(f"failed: {number} chunks, {code}")
    if found.shift is not None:
        values = ", ".join(
            f"{each} % {value:+.3f}" for each, value in found.shift.quantiles.items()
        )
        show(f"score of {found.against}'s label: {found.shift.mean:+.3f} ({values})")
    costs = [
        "-" if each is None else f"{each:.2f}" for each in (found.cpu.candidate, found.cpu.active)
    ]
    show(f"CPU for a second of sound: {costs[0]} ms; active release {costs[1]} ms")
    if found.flip_table:
        table = _table("from", "to", "chunks")
        for flip in found.flip_table:
            table.add_row(flip.was, flip.now, str(flip.chunks))
        show(table)
    if found.clips:
        table = _table("recording", "from", "to", "disagreement", found.against, found.release)
        for clip in found.clips:
            table.add_row(*_words(clip))
        show(table)


def _words(clip: Clip) -> tuple[str, ...]:
    times = (f"{each / 1000:.1f} s" for each in (clip.start_ms, clip.end_ms))
    return (str(clip.recording_id), *times, f"{clip.disagreement:.2f}", clip.was, clip.now)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in columns:
        table.add_column(name, no_wrap=True)
    return table
