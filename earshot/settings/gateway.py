"""Settings of the HTTP gateway."""

from typing import Annotated

from pydantic import BaseModel, Field


class Gateway(BaseModel):
    """Fields for ``earshot serve``."""

    gateway_host: str = "127.0.0.1"
    """Address to listen on; ``0.0.0.0`` behind a proxy that terminates TLS."""
    gateway_port: Annotated[int, Field(ge=0, le=65_535)] = 5300
    gateway_url: str = ""
    """Public URL of the gateway, for links in webhooks. Default: that of the local address."""
    flower_url: str = ""
    """Address of Flower, which `GET /pools` names."""
    gateway_processes: Annotated[int, Field(ge=1, le=64)] = 1
    """Server processes that share the port."""
    metrics_open: bool = True
    """``/metrics`` needs no token."""
    requests_per_sec: Annotated[float, Field(gt=0)] = 50.0
    """Sustained requests a second of one token; ``requests_burst`` may come at once."""
    requests_burst: Annotated[int, Field(ge=1)] = 200
    silent_sec: Annotated[float, Field(gt=0)] = 30.0
    """A client that sends nothing for this long, in the middle of a request or before it, or takes
    nothing of a stream of events, is disconnected."""
    open_uploads: Annotated[int, Field(ge=1)] = 100
    """Uploads in pieces that a tenant may have unfinished at a time."""
    upload_kept_sec: Annotated[float, Field(gt=0)] = 86_400.0
    """Time after its last byte in which an upload in pieces may be continued."""
    answer_sec: Annotated[float, Field(gt=0)] = 55.0
    """Deadline of requests that wait for an analysis; below the usual limit of proxies, 60 s."""
    openai_answer_sec: Annotated[float, Field(gt=0)] = 590.0
    """Deadline of ``POST /v1/audio/transcriptions``; below the 10 minutes after which OpenAI's
    clients send the file again."""

    @property
    def public_url(self) -> str:
        """URL without a slash at its end."""
        return (self.gateway_url or f"http://{self.gateway_host}:{self.gateway_port}").rstrip("/")
