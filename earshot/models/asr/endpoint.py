"""The runtime that recognises elsewhere: an inference endpoint over HTTPS, as Hugging Face serves
one (003-02, C-45).

One request a stretch, several at a time: the endpoint makes its own batches.
"""

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from earshot.analysis.errors import EarshotError, Misconfigured, Permanent, Unavailable
from earshot.analysis.types import Release
from earshot.compute.device import says_full, says_lost
from earshot.compute.sound import SAMPLE_RATE, Samples
from earshot.models.asr.endpoint_messages import Answer, complaint, parse, recognition, request
from earshot.models.asr.recogniser import Recognition
from earshot.models.options import Options
from earshot.net.addresses import PORTS
from earshot.net.client import BROKEN, FAILED, Reused
from earshot.net.retry import is_passing

AT_A_TIME = 8
MOST_BYTES = 4 << 20
"""Of an answer; a transcript of half a minute has a few thousand."""


@dataclass(frozen=True)
class Endpoint:
    """Where it is, and what opens it."""

    url: str
    token: str = field(repr=False)
    timeout_sec: float


class AsrEndpoint:
    """A client that keeps its connections open between calls; the endpoint may be any
    recogniser."""

    languages = ()
    join_gap_ms = 2_000
    longest_ms = 30_000

    def __init__(self, endpoint: Endpoint, internal_hosts: Collection[str]) -> None:
        """Args:
            internal_hosts: ``host:port`` of servers that may have internal addresses.

        Raises:
            Misconfigured: there is no URL, or none of a web server.
        """
        parts = urlsplit(endpoint.url)
        if parts.scheme not in PORTS or not parts.hostname:
            raise Misconfigured(
                "endpoint",
                f"EARSHOT_ASR_ENDPOINT_URL is {endpoint.url!r}; set it to the https:// URL of the"
                " inference endpoint",
            )
        self._endpoint = endpoint
        self._http = Reused(internal_hosts, endpoint.timeout_sec, AT_A_TIME)

    def speaks(self, language: str) -> bool:
        """What it speaks is its owner's choice; it answers for what it does not."""
        return True

    def transcribe(
        self, stretches: Sequence[Samples], languages: Sequence[str], hotwords: Sequence[str]
    ) -> list[Recognition]:
        """Hotwords go along for handlers of one's own; the stock one passes over them.

        Raises:
            Unavailable: it is busy, starting up, or does not answer; the same call may succeed
                later.
            Misconfigured: it is not there, or the token does not open it.
            Forbidden: its address is an internal one.
            Permanent: it refuses the request, or gives what is no transcript.
        """
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            bodies = (
                request(samples, language, hotwords)
                for samples, language in zip(stretches, languages, strict=True)
            )
            answers = list(pool.map(self._ask, bodies))
        return [
            recognition(answer, language, len(samples) * 1000 // SAMPLE_RATE)
            for answer, language, samples in zip(answers, languages, stretches, strict=True)
        ]

    def _ask(self, body: bytes) -> Answer:
        url = urlsplit(self._endpoint.url)
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._endpoint.token:
            headers["Authorization"] = f"Bearer {self._endpoint.token}"
        try:
            address = url._replace(netloc=url.netloc.rpartition("@")[2], fragment="").geturl()
            reply = self._http.post(address, body, headers, MOST_BYTES)
        except BROKEN as error:
            raise Unavailable(
                "endpoint_unavailable",
                f"{url.hostname} cannot be asked: {str(error) or type(error).__name__}",
            ) from error
        except FAILED as error:
            raise Misconfigured(
                "endpoint",
                f"{url.hostname} cannot be asked ({type(error).__name__}); correct"
                " EARSHOT_ASR_ENDPOINT_URL or EARSHOT_ASR_ENDPOINT_TOKEN",
            ) from None  # its text may hold the token
        if reply.status != 200:
            detail = complaint(reply.body, self._endpoint.token)
            raise _refusal(url.hostname or "", reply.status, detail)
        return parse(url.hostname or "", reply.body)


def _refusal(host: str, status: int, detail: str) -> EarshotError:
    answers = f"{host} answers {status}" + (f" ({detail})" if detail else "")
    if (
        is_passing(status) or says_full(detail) or says_lost(detail)
    ):  # stock handlers answer 400 for every failure
        return Unavailable(
            "endpoint_unavailable", f"{answers}: it is busy, starting up, or its GPU is in trouble"
        )
    if status in (401, 403):
        return Misconfigured(
            "endpoint", f"{answers}; set EARSHOT_ASR_ENDPOINT_TOKEN to a token that may use it"
        )
    if status == 404:
        return Misconfigured("endpoint", f"{answers}; correct EARSHOT_ASR_ENDPOINT_URL")
    # Redirections are refused too: they would carry the token elsewhere.
    return Permanent("endpoint_refused", f"{answers} to a request for a transcript")


def open_endpoint(release: Release, device: str, options: Options) -> AsrEndpoint:
    """The client of the endpoint that settings name, which has to be the release's.

    Raises:
        Misconfigured: it is another one, or none.
    """
    url = options.asr_endpoint_url
    if release.uri != url:  # rows would bear the name of one, and the words of the other
        raise Misconfigured(
            "endpoint",
            f"the job is for {release.name}, and this worker's EARSHOT_ASR_ENDPOINT_URL is"
            " another URL or none; give the dispatching process and all asr workers the same"
            " one, and start them again",
        )
    token, wait = options.asr_endpoint_token.get_secret_value(), options.asr_endpoint_timeout_sec
    return AsrEndpoint(Endpoint(url, token, wait), options.internal_hosts)
