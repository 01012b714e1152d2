"""Settings of the language model that is asked about transcripts (docs/topics.md)."""

from typing import Annotated

from pydantic import BaseModel, Field

from earshot.analysis.request import Tenant
from earshot.analysis.words.languages import Language


class Bedrock(BaseModel):
    """Fields for Amazon Bedrock. Off unless ``bedrock_model`` is set."""

    bedrock_model: str = ""
    """Id of a model, or of an inference profile, that can call tools; it classifies transcripts by
    the topics of their glossary. Only redacted text is sent. Credentials are those that boto3
    finds."""
    bedrock_region: str = ""
    """Default: what boto3 finds."""
    bedrock_endpoint_url: str = ""
    """Default: that of the region."""
    bedrock_timeout_sec: Annotated[float, Field(gt=0, le=300)] = 60.0
    """Maximum time without a byte of the answer."""
    bedrock_attempts: Annotated[int, Field(ge=1, le=8)] = 4
    """Of a request that is throttled, times out or meets a failing server."""
    bedrock_answer_tokens: Annotated[int, Field(ge=64, le=16_000)] = 1500
    """Maximum length of an answer."""
    bedrock_tokens_per_recording: Annotated[int, Field(ge=0)] = 40_000
    """Tokens that one analysis of a recording may use, of requests and answers."""
    bedrock_tokens_per_day: Annotated[int, Field(ge=0)] = 2_000_000
    """The same of all recordings of a day (UTC)."""
    bedrock_outcome: bool = False
    """The model also states the issues of a call and the actions that were agreed on."""
    bedrock_excluded_tenants: tuple[Tenant, ...] = ()
    """Tenants of whose recordings nothing is sent."""
    summary_language: Language | None = None
    """BCP 47 language of a short summary that the model writes before it classifies, e.g. ``fr``.
    Null: none."""
