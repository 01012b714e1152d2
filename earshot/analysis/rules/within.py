"""Parts of a recording that conditions are limited to."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from earshot.analysis.types import Frozen

Seconds = Annotated[float, Field(ge=0, le=86_400)]
Part = Annotated[float, Field(ge=0, le=1)]


class Within(Frozen):
    """A part of the recording: in seconds from its start or its end, or as shares of it."""

    first_sec: Seconds | None = None
    last_sec: Seconds | None = None
    from_sec: Seconds | None = None
    to_sec: Seconds | None = None
    first_part: Part | None = Field(default=None, description="0.25: the first quarter.")
    last_part: Part | None = None
    from_part: Part | None = None
    to_part: Part | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        forms = {name.removeprefix("from_").removeprefix("to_") for name in self.model_fields_set}
        named = {name for name in self.model_fields_set if getattr(self, name) is not None}
        if not named or len(forms) > 1:
            raise ValueError("name one of first_sec, last_sec, from_sec with to_sec, or the same"
                             " with _part")  # fmt: skip
        start, end = self.span_ms(1_000_000_000)
        if end <= start:
            raise ValueError("is empty")
        return self

    def span_ms(self, duration_ms: int) -> tuple[int, int]:
        """Start and end of the part of a recording of this length, ms."""
        if self.last_sec is not None:
            return max(0, duration_ms - round(self.last_sec * 1000)), duration_ms
        if self.last_part is not None:
            return round((1 - self.last_part) * duration_ms), duration_ms
        start = (self.from_sec or 0) * 1000 + (self.from_part or 0) * duration_ms
        sec = self.to_sec if self.first_sec is None else self.first_sec
        part = self.to_part if self.first_part is None else self.first_part
        end = duration_ms if sec is None and part is None else 0.0
        end += (sec or 0) * 1000 + (part or 0) * duration_ms
        return min(round(start), duration_ms), min(round(end), duration_ms)
