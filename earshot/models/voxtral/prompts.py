"""What is put before Voxtral's decoder: its vocabulary (``tekken.json``), and the places of sound,
language and question.

The layouts are those of mistral-common (``encode_transcription`` and ``encode_chat_completion`` of
its tokenizer v7): ``<s>[INST][BEGIN_AUDIO][AUDIO]...[/INST]lang:en[TRANSCRIBE]`` and
``<s>[INST][BEGIN_AUDIO][AUDIO]...question[/INST]answer</s>``. It is not installed for that: it asks
for an older numpy than everything else here runs with, and would write every stretch into a WAV
file to read it again. Tests hold these tokens to its own.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from earshot.analysis.errors import Misconfigured
from earshot.analysis.words.languages import UNDETERMINED

_LANGUAGE = re.compile(r"\s*lang:([a-z]{2})")
_LANGUAGE_TOKENS = 8
"""Maximum tokens searched for a language."""


class Prompts:
    """The vocabulary of one checkpoint."""

    def __init__(self, folder: Path) -> None:
        """Raises:
        Misconfigured: there is no ``tekken.json``, or one without the tokens for sound.
        """
        from transformers.integrations.mistral import convert_tekken_tokenizer

        path = folder / "tekken.json"
        if not path.is_file():
            raise Misconfigured(
                "checkpoint",
                f"{path} is missing; name it among the files of the checkpoint's entry",
            )
        # An empty template: otherwise it looks for an unused one.
        self._tokenizer: Any = convert_tekken_tokenizer(str(path), chat_template="")
        self.start, self.end, self.padding = (
            self._special(path, name) for name in ("<s>", "</s>", "<pad>")
        )
        self.sound = self._special(path, "[AUDIO]")
        self._instruction, self._over = (
            self._special(path, "[INST]"),
            self._special(path, "[/INST]"),
        )
        self._audio, self._write = (
            self._special(path, "[BEGIN_AUDIO]"),
            self._special(path, "[TRANSCRIBE]"),
        )
        self._special_ids = frozenset(self._tokenizer.all_special_ids)

    def transcription(self, sound: int, language: str) -> list[int]:
        """Requests a transcript.

        Args:
            sound: number of audio tokens.
            language: primary BCP 47 subtag; with ``UNDETERMINED`` none is named, and the network
                detects it.
        """
        named = [] if language == UNDETERMINED else self._encoded(f"lang:{language}")
        return [
            self.start,
            self._instruction,
            self._audio,
            *[self.sound] * sound,
            self._over,
            *named,
            self._write,
        ]

    def question(self, sound: int, text: str) -> list[int]:
        """Asks a question about the audio."""
        return [
            self.start,
            self._instruction,
            self._audio,
            *[self.sound] * sound,
            *self._encoded(text),
            self._over,
        ]

    def answer(self, text: str) -> list[int]:
        """The whole of an answer, with its end."""
        return [*self._encoded(text), self.end]

    def text_tokens(self, tokens: Sequence[int]) -> list[int]:
        """The tokens that are text."""
        return [token for token in tokens if token not in self._special_ids]

    def language_named(self, tokens: Sequence[int]) -> tuple[str, int]:
        """The language named at the beginning of a text, empty if none, and the number of its
        tokens."""
        for count in range(1, min(len(tokens), _LANGUAGE_TOKENS) + 1):
            if found := _LANGUAGE.fullmatch(self.decode(tokens[:count])):
                return found[1], count
        return "", 0

    def decode(self, tokens: Sequence[int]) -> str:
        text: str = self._tokenizer.decode(list(tokens), clean_up_tokenization_spaces=False)
        return text

    def _encoded(self, text: str) -> list[int]:
        # Names of special tokens within a text are text.
        found: list[int] = self._tokenizer(
            text, add_special_tokens=False, split_special_tokens=True
        ).input_ids
        return found

    def _special(self, path: Path, name: str) -> int:
        found: int | None = self._tokenizer.get_vocab().get(name)
        if found is None:
            raise Misconfigured(
                "checkpoint", f"{path} has no token {name}: it is the vocabulary of another network"
            )
        return found
