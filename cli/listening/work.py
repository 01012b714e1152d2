"""Speaks a file or the standard input to the gateway, and prints words as they come."""

import asyncio
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, nullcontext
from pathlib import Path
from typing import Any

from rich.live import Live as Display
from rich.text import Text

from cli.listening import sound
from cli.terminal.console import notices, say, show, show_json
from cli.terminal.strip import clock
from earshot.analysis.errors import Misconfigured
from earshot.analysis.printable import printable
from earshot.compute.sound import SAMPLE_RATE
from earshot.settings import PROJECT, settings
from producer.live import Live

DEMO = PROJECT / "demo" / "call.ogg"
INPUT = "-"


def listen(
    named: str | None, url: str | None, token_file: Path | None, rate: int, json: bool
) -> int:
    """Runs a session to its end; the exit code is 1 where it did not end as the client asked.

    Raises:
        Misconfigured: ``token``, there is none.
        Unavailable: there is no room, or no gateway.
        BadAudio, Forbidden: the file cannot be read.
    """
    options: dict[str, Any]
    token = _token(token_file or settings().home / "token")
    if named == INPUT:
        frames, options = sound.of_input(rate), {"rate": rate, "file_name": "input.wav"}
    else:
        path = Path(named) if named else DEMO
        options = {"rate": SAMPLE_RATE, "file_name": f"{path.stem}.wav"}
        frames = sound.of_file(path)
    live = Live(url or settings().public_url, token, **options)
    return asyncio.run(_shown(live.events(frames), json))


def _token(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Misconfigured(
            "token",
            f"no token in {file}: run `earshot up`, or name a file with one by --token-file",
        ) from error


async def _shown(events: AsyncGenerator[dict[str, Any]], json: bool) -> int:
    async with aclosing(events):  # left open, the loop closes it and what is within it at once
        return await _show(events, json)


async def _show(events: AsyncIterator[dict[str, Any]], json: bool) -> int:
    display = Display(console=notices(), transient=True, auto_refresh=False)
    with display if sys.stderr.isatty() and not json else nullcontext():
        async for event in events:
            if json:
                show_json(event)
            elif event["type"] == "partial":
                display.update(_line(event), refresh=True)
            elif event["type"] == "final" and event["text"]:
                display.update(Text(), refresh=True)
                show(f"{clock(event['start_ms']):>7}  {event['text']}")
            elif event["type"] == "session.ended":
                _said(event)
                return 0 if event["reason"] == "client" else 1
    return 1


def _line(event: dict[str, Any]) -> Text:
    """A partial, with what may still change dimmed."""
    text = Text(f"{clock(event['start_ms']):>7}  ")
    text.append(printable(event["committed"]))
    return text.append(printable(event["text"][len(event["committed"]) :]), style="dim")


def _said(event: dict[str, Any]) -> None:
    if event["recording_id"] is not None:
        say(f"recording {event['recording_id']} will be analysed; `earshot report` shows it")
    if event["reason"] != "client":
        say(f"the session has ended: {event['reason']}")
