"""Options of a transcription, by OpenAI's names. What cannot be done is refused by name: a client
would take an ignored option for done."""

from typing import NamedTuple

from gateway.openai.errors import refused
from gateway.uploads import Form

DIARIZES = "gpt-4o-transcribe-diarize"
MODELS = (
    "earshot",
    "whisper-1",
    "gpt-transcribe",
    "gpt-4o-transcribe",
    "gpt-4o-mini-transcribe",
    "gpt-4o-mini-transcribe-2025-12-15",
    DIARIZES,
)
"""All stand for the active release of speech recognition; ``DIARIZES`` also asks who speaks."""
FORMATS = ("json", "verbose_json", "diarized_json", "text", "srt", "vtt")
STREAMED = ("json", "text", "diarized_json")
GRANULARITIES = ("word", "segment")
AUTO = "auto"

TIMESTAMPS = "timestamp_granularities[]"
ONCE = ("model", "language", "response_format", "stream", "chunking_strategy")
REFUSED = {
    "prompt": "the recogniser takes no prompt; expected names are set by EARSHOT_ASR_HOTWORDS",
    "include[]": "log-probabilities of tokens are not kept; words have a confidence in"
    " verbose_json",
    "keywords[]": "expected names are set for the service, by EARSHOT_ASR_HOTWORDS",
    "languages[]": "name one `language`",
    "known_speaker_names[]": "speakers are not compared with known voices",
    "known_speaker_references[]": "speakers are not compared with known voices",
    "chunking_strategy[type]": "chunks are cut by the service; `auto` is taken",
    "chunking_strategy[threshold]": "chunks are cut by the service",
    "chunking_strategy[prefix_padding_ms]": "chunks are cut by the service",
    "chunking_strategy[silence_duration_ms]": "chunks are cut by the service",
}
"""Options of OpenAI's that have no equal here, with the reason."""
FIELDS = (*ONCE, "temperature")
MANY = (*REFUSED, *(name.removesuffix("[]") for name in REFUSED), TIMESTAMPS, TIMESTAMPS[:-2])
"""May be repeated, as clients write lists that way; also without brackets."""


class Options(NamedTuple):
    """What a request asks for."""

    response_format: str
    words: bool
    segments: bool
    stream: bool
    diarize: bool

    @property
    def analyses(self) -> tuple[str, ...]:
        """The analyses that the answer needs."""
        return ("asr", "diarization") if self.diarize else ("asr",)


def options(form: Form) -> Options:
    """
    Raises:
        Problem: 400, an option or a value that is not taken; 404, no such model.
    """
    for name, reason in REFUSED.items():
        for written in {name, name.removesuffix("[]")}:
            if any(form.values.get(written, ())):
                raise refused(name, "unsupported_option", f"`{name}` is not supported: {reason}.")
    _check_temperature(form)
    _one_of(form, "chunking_strategy", (AUTO,), AUTO)
    model = _model(form)
    response_format = _one_of(form, "response_format", FORMATS, FORMATS[0])
    stream = _one_of(form, "stream", ("true", "false", "True", "False"), "false").lower() == "true"
    if stream and response_format not in STREAMED:
        raise refused(
            "stream",
            "unsupported_value",
            f"`stream` goes with a `response_format` of {', '.join(STREAMED)}.",
        )
    granularities = _granularities(form, response_format)
    return Options(
        response_format,
        words="word" in granularities,
        segments="segment" in granularities,
        stream=stream,
        diarize=response_format == "diarized_json" or model == DIARIZES,
    )


def _model(form: Form) -> str:
    model = form.one("model")
    if not model:
        raise refused("model", "missing_required_parameter", "`model` is missing.")
    if model not in MODELS:
        raise refused(
            "model",
            "model_not_found",
            f"There is no such model; there are {', '.join(MODELS)}.",
            404,
        )
    return model


def _one_of(form: Form, name: str, values: tuple[str, ...], default: str) -> str:
    value = form.one(name) or default
    if value not in values:
        raise refused(name, "invalid_value", f"`{name}` is one of {', '.join(values)}.")
    return value


def _check_temperature(form: Form) -> None:
    text = form.one("temperature") or "0"
    try:
        is_zero = float(text) == 0
    except ValueError:
        is_zero = False
    if not is_zero:
        raise refused(
            "temperature",
            "unsupported_value",
            "`temperature` can only be 0: the recogniser writes what is likeliest.",
        )


def _granularities(form: Form, response_format: str) -> set[str]:
    asked = {value for name in (TIMESTAMPS, TIMESTAMPS[:-2]) for value in form.several(name) or ()}
    if asked - set(GRANULARITIES):
        raise refused(
            TIMESTAMPS, "invalid_value", f"`{TIMESTAMPS}` has {' and '.join(GRANULARITIES)}."
        )
    if asked and response_format != "verbose_json":
        raise refused(
            TIMESTAMPS,
            "unsupported_value",
            f"`{TIMESTAMPS}` goes with the `response_format` verbose_json.",
        )
    return asked or {"segment"}
