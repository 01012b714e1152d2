"""A client of ``POST /scene`` and ``POST /emotion`` for other programs (000-22..26)."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from earshot.analysis.errors import Misconfigured, Permanent, Unavailable, one_line
from earshot.net.client import BROKEN, FAILED, Reused
from earshot.net.retry import is_passing
from earshot.settings import settings

MOST_BYTES = 1 << 16
"""Of an answer."""
AT_A_TIME = 16
"""Connections that are kept; a call on another thread waits for one."""

Samples = NDArray[np.floating[Any]] | Sequence[float]


class ClassifyResult(BaseModel):
    """The answer about one sound. Keys that are not known here are ignored."""

    model_config = ConfigDict(frozen=True)

    label: str
    confidence: float
    scores: dict[str, float]
    """Label to share; they sum to 1."""
    latency_ms: float
    """Of the service, without the way to it and back."""
    label_coverage: dict[str, bool] = {}
    """False for a label that the model does not know. Empty: the service does not say."""
    abstained: bool = False
    """True if no share is large enough for an answer: ``label`` is ``unclear`` then."""


class ClassifyClient:
    """Speaks to a gateway, or to another service of that interface. It may be used by many threads
    and in forked processes, keeps its connections, and tries a call once, as live audio does not
    wait."""

    def __init__(self, url: str, token: str = "", timeout_sec: float = 2.0) -> None:
        """
        Args:
            url: ``http(s)://host:port``, and a path before ``/scene`` if there is one. It is the
                operator's, so that it may be internal.
            timeout_sec: longest time without a byte.
        """
        self._url, host = url.rstrip("/"), urlsplit(url)
        port = host.port or {"http": 80, "https": 443}[host.scheme]
        self._http = Reused({f"{host.hostname}:{port}"}, timeout_sec, AT_A_TIME)
        self._authorization = {"Authorization": f"Bearer {token}"} if token else {}

    def classify_scene(self, samples: Samples, sample_rate: int = 16_000) -> ClassifyResult:
        """The kind of a sound: speech, music, noise, silence or other.

        Args:
            samples: mono float in -1 to 1, shape (samples,).

        Raises:
            ValueError: samples of another shape or type.
            Unavailable: ``classify_unavailable``, the service does not answer in time or is busy.
            Misconfigured: ``classify``, there is no such service under the URL, or it does not
                accept the token.
            Permanent: ``classify_refused``, it does not accept the samples.
        """
        return self._classify("scene", samples, sample_rate)

    def classify_emotion(self, samples: Samples, sample_rate: int = 16_000) -> ClassifyResult:
        """The emotion of an utterance: neutral, happy, angry, sad, frustrated or surprised.

        Raises:
            ValueError, Unavailable, Misconfigured, Permanent: as ``classify_scene``.
        """
        return self._classify("emotion", samples, sample_rate)

    def _classify(self, analysis: str, samples: Samples, sample_rate: int) -> ClassifyResult:
        headers = {
            "Content-Type": "application/octet-stream",
            "X-Sample-Rate": str(sample_rate),
            **self._authorization,
        }
        address = f"{self._url}/{analysis}"
        try:
            reply = self._http.post(address, _bytes(samples), headers, MOST_BYTES)
        except BROKEN as error:
            raise Unavailable(
                "classify_unavailable", f"{address} does not answer: {one_line(error)}"
            ) from error
        except FAILED as error:
            raise Misconfigured("classify", f"{address}: {one_line(error)}") from error
        if reply.status != 200:
            raise _refusal(address, reply.status, reply.body)
        try:
            return ClassifyResult.model_validate_json(reply.body)
        except ValidationError as error:
            raise Misconfigured(
                "classify", f"{address} answers in another shape: {one_line(error)}"
            ) from error


def classify_client() -> ClassifyClient | None:
    """The client of the service that the settings name (``AUDIOCLASSIFY_URL``); None, where they
    name none: the feature is then not registered (000-26)."""
    config = settings()
    if not config.audioclassify_url:
        return None
    return ClassifyClient(
        config.audioclassify_url,
        config.audioclassify_token.get_secret_value(),
        config.audioclassify_timeout_sec,
    )


def _bytes(samples: Samples) -> bytes:
    found = np.asarray(samples)
    if found.ndim != 1 or not np.issubdtype(found.dtype, np.floating):
        raise ValueError(
            f"samples are mono float in -1 to 1, not {found.dtype} of shape {found.shape}"
        )
    return found.astype("<f4").tobytes()


def _refusal(address: str, status: int, body: bytes) -> Permanent | Unavailable:
    answers = f"{address} answers {status}: {body[:300].decode(errors='replace')}"
    if is_passing(status):
        return Unavailable("classify_unavailable", answers)
    if status in (401, 403):
        return Misconfigured("classify", f"{answers}; set EARSHOT_AUDIOCLASSIFY_TOKEN")
    if status in (404, 405) or status < 400:
        return Misconfigured("classify", f"{answers}; correct AUDIOCLASSIFY_URL")
    return Permanent("classify_refused", answers)
