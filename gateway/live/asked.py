"""What a client asks of a live session."""

import hashlib
import re
import secrets
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from starlette.websockets import WebSocket

from earshot.analysis.request import FileName
from earshot.analysis.words.languages import Language
from earshot.live.sound import RATES_HZ, Format
from earshot.settings import settings
from gateway.problems import Problem, said

LANGUAGE = "en"
SECRET = re.compile(r"ear_live_[A-Za-z0-9_-]{43}")


class Asked(BaseModel):
    """The query of ``WS /transcribe/stream``."""

    model_config = ConfigDict(extra="forbid")

    format: Literal["pcm16", "float32"] = "pcm16"
    rate: Annotated[int, Field(ge=RATES_HZ[0], le=RATES_HZ[1])] = 16_000
    language: Language = LANGUAGE
    file_name: FileName | None = None
    session_id: UUID | None = None
    resume_token: str | None = None
    after: Annotated[int, Field(ge=0, le=2**53)] = 0

    @model_validator(mode="after")
    def _resumes_with_token(self) -> "Asked":
        if (self.session_id is None) != (self.resume_token is None):
            raise ValueError("session_id and resume_token go together")
        return self

    @property
    def sound(self) -> Format:
        return Format(self.format, self.rate)

    def about(self, tenant: str, session: str) -> dict[str, Any]:
        """What a live process has to know."""
        return {
            "format": self.format,
            "rate": self.rate,
            "language": self.language,
            "tenant": tenant,
            "file_name": self.file_name or f"live-{session}.wav",
        }


def asked(socket: WebSocket, tenant: str) -> Asked:
    """
    Raises:
        Problem: 422, an option is unknown or invalid, or not supported in live sessions.
    """
    query = {name: value for name, value in socket.query_params.items() if name != "ticket"}
    try:
        found = Asked.model_validate(query)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "query"
        raise Problem(422, "invalid_request", f"query.{place}: {said(first['msg'])}") from error
    if found.language.partition("-")[0].lower() != LANGUAGE:
        raise Problem(
            422,
            "language_unsupported",
            f"Live sessions are in English (`{LANGUAGE}`); POST /transcribe takes other languages.",
        )
    if settings().redaction_of("", tenant):
        raise Problem(
            422,
            "redaction_unsupported",
            "Personal data is removed from your recordings, which live words cannot be;"
            " send files instead.",
        )
    return found


def new_secret() -> str:
    """What a client resumes its session with."""
    return f"ear_live_{secrets.token_urlsafe(32)}"


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
