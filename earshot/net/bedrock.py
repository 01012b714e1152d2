"""Amazon Bedrock's Converse, through boto3 (the extra ``bedrock``): one answer of a language model
that calls a tool."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from earshot.analysis.errors import EarshotError, one_line

CONNECT_SEC = 10
THROTTLED = ("ThrottlingException", "TooManyRequestsException", "ServiceQuotaExceededException")
SLOW = ("ModelTimeoutException",)
PASSING = ("ServiceUnavailableException", "InternalServerException", "ModelNotReadyException")


class NotAsked(EarshotError):
    """Converse gave no answer. Codes: ``not_installed``, ``no_credentials``, ``throttled``,
    ``timeout``, ``unreachable`` and ``refused``."""


class Address(NamedTuple):
    """Where the model is, and how long to wait for it."""

    region: str
    endpoint_url: str
    """Empty: that of the region."""
    timeout_sec: float
    """Maximum time without a byte."""
    attempts: int
    """Of each request that is throttled, times out or meets a failing server, with growing pauses
    between."""


class Answer(NamedTuple):
    """An answer of the model."""

    message: Mapping[str, Any]
    """As it is sent back in the next request."""
    input: Any
    """Of the tool, as the model wrote it; None: it called none."""
    tokens: int
    """Of request and answer, as the service counts them."""


class Bedrock:
    """A client of one region, for the life of a process; safe for threads."""

    def __init__(self, address: Address) -> None:
        """
        Raises:
            NotAsked: ``not_installed``; ``refused``, no region is set.
        """
        try:
            import boto3
            from botocore.config import Config
            from botocore.exceptions import BotoCoreError
        except ImportError as error:
            raise NotAsked(
                "not_installed", "boto3 is not installed; install requirements/bedrock.txt"
            ) from error
        config = Config(
            connect_timeout=min(CONNECT_SEC, address.timeout_sec),
            read_timeout=address.timeout_sec,
            retries={"mode": "standard", "total_max_attempts": address.attempts},
        )
        try:
            self._client = boto3.session.Session().client(
                "bedrock-runtime",
                region_name=address.region or None,
                endpoint_url=address.endpoint_url or None,
                config=config,
            )
        except (BotoCoreError, ValueError) as error:
            raise NotAsked("refused", one_line(error)) from error

    def converse(
        self,
        model: str,
        system: str,
        messages: Sequence[Mapping[str, Any]],
        tool: Mapping[str, Any],
        most_tokens: int,
    ) -> Answer:
        """Sends a conversation, and demands that the model calls the tool.

        Args:
            model: its id, or the ARN of an inference profile.
            tool: ``name``, ``description`` and ``inputSchema`` (JSON schema).
            most_tokens: of the answer.

        Raises:
            NotAsked: ``no_credentials``, ``throttled``, ``timeout``, ``unreachable``, ``refused``.
        """
        from botocore.exceptions import (
            BotoCoreError,
            ClientError,
            ConnectTimeoutError,
            EndpointConnectionError,
            HTTPClientError,
            NoCredentialsError,
            PartialCredentialsError,
            ReadTimeoutError,
        )

        spec = {**tool, "inputSchema": {"json": tool["inputSchema"]}}
        try:
            answer = self._client.converse(
                modelId=model,
                system=[{"text": system}],
                messages=list(messages),
                inferenceConfig={"maxTokens": most_tokens, "temperature": 0.0},
                toolConfig={
                    "tools": [{"toolSpec": spec}],
                    "toolChoice": {"tool": {"name": tool["name"]}},
                },
            )
        except (NoCredentialsError, PartialCredentialsError) as error:
            raise NotAsked("no_credentials", one_line(error)) from error
        except (ReadTimeoutError, ConnectTimeoutError) as error:
            raise NotAsked("timeout", one_line(error)) from error
        except (EndpointConnectionError, HTTPClientError) as error:
            raise NotAsked("unreachable", one_line(error)) from error
        except ClientError as error:
            raise NotAsked(_code(error.response), one_line(error)) from error
        except BotoCoreError as error:
            raise NotAsked("refused", one_line(error)) from error
        return _answer(answer)


def _code(response: Mapping[str, Any]) -> str:
    code = response.get("Error", {}).get("Code", "")
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in THROTTLED or status == 429:
        return "throttled"
    if code in SLOW:
        return "timeout"
    return "unreachable" if code in PASSING or status >= 500 else "refused"


def _answer(answer: Mapping[str, Any]) -> Answer:
    """What is missing in the answer of a strange server is missing here."""
    message = answer.get("output", {}).get("message") or {"role": "assistant", "content": []}
    uses = [each["toolUse"] for each in message.get("content", ()) if "toolUse" in each]
    usage = answer.get("usage") or {}
    return Answer(
        message=message,
        input=uses[0].get("input") if uses else None,
        tokens=usage.get("inputTokens", 0) + usage.get("outputTokens", 0),
    )
