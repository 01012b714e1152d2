"""The figures of the conversation on the terminal."""

from rich.console import Console

from cli.terminal.show import rendered
from earshot.analysis.report.report import build_report
from tests.sounds.call_parts import part, parts, recording, words


def printed(roles: tuple[str, ...] = ("agent", "customer")) -> list[str]:
    found = parts() if roles else [part("asr", 0, words(("hello", 1_000, 0)))]
    console = Console(width=80, force_terminal=False, color_system=None)
    with console.capture() as captured:
        console.print(rendered(build_report(recording(roles, max(1, len(roles))), found)))
    return captured.get().splitlines()


def test_a_row_a_participant_and_a_line_of_the_call() -> None:
    text = printed()
    at = text.index("Conversation  by channel")
    head, agent, customer, call = text[at + 1 : at + 5]
    assert head.split() == [
        "talk", "of", "call", "words/min", "monologue", "response", "interrupts", "loudness",
    ]  # fmt: skip
    assert agent.split() == ["agent", "0:29", "74%", "8", "0:29", "-", "0", "-"]
    assert customer.split() == ["customer", "0:04", "10%", "15", "0:04", "1.1", "s", "0", "-"]
    assert call == "silence 0:00 (0%), hold music 0:04 (10%), overtalk 0:00 (0%), 0 back-channels"


def test_without_participants_there_is_the_call_alone() -> None:
    text = printed(roles=())
    at = text.index("Conversation  speakers not separated")
    assert text[at + 1].startswith("silence ")
    assert "overtalk" not in "\n".join(text)
