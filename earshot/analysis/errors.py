"""The tree of all errors that the project raises on purpose.

EarshotError
├── Permanent            retrying cannot help; fails at once
│   ├── BadAudio         the input cannot be analysed: empty, truncated, not_audio, encrypted, ...
│   ├── Forbidden        a URI outside the allowed roots
│   └── Misconfigured    a set-up error; stops the process at boot and names it
├── DeviceLost           this process can no longer compute; it must end, and its work is reassigned
└── Transient            a dependency is unavailable; waited for by time, not by number of tries
    └── Unavailable      Postgres, Redis, the store or a disk is unavailable or full
        └── Growing      a file that another program still writes

``code`` is a stable snake_case word for machines; ``str(error)`` is one line for people with a
remedy. It is stored, sent and shown, so it is printable, of bounded length, and without credentials
in URLs.
"""

from earshot.analysis.printable import on_one_line


class EarshotError(Exception):
    """An error with a stable ``code`` and a one-line message."""

    def __init__(self, code: str, message: str, **facts: int) -> None:
        super().__init__(
            code, on_one_line(message)
        )  # both, so that the error survives pickling and Celery's JSON
        self.code = code
        self.facts = facts
        """Figures for machines, by name; of this process alone."""

    def __str__(self) -> str:
        return str(self.args[1])


class Permanent(EarshotError):
    """Trying again cannot help."""


class BadAudio(Permanent):
    """The input is not audio that can be analysed. Codes: ``BAD_AUDIO_CODES``."""


class Forbidden(Permanent):
    """A URI outside the configured roots."""


class Misconfigured(Permanent):
    """A setting, a registry line or a checkpoint is wrong; raised at boot."""


class DeviceLost(EarshotError):
    """The CUDA context of this process is lost; a new process may use the GPU. Codes:
    ``device_lost``, at work; ``device_absent``, before any was begun."""


class OutOfTime(Exception):
    """The time limit of the current task has passed (``task_soft_limit_sec``); raised at any point
    of it. Not an ``EarshotError``, since the work itself has no error."""


class Transient(EarshotError):
    """A dependency (Postgres, Redis, store) is unavailable; the same call may succeed later."""


class Unavailable(Transient):
    """Postgres, Redis, the audio store or its disk is unavailable or full. Codes that work can
    meet: ``SURROUNDINGS``."""


class Growing(Unavailable):
    """Another program still writes the file. Code: ``growing``."""


SERVICES = ("redis_away", "postgres_away")
"""Codes of services that everything needs: no other item can continue either."""

SURROUNDINGS = (
    "disk_full",
    "store_unavailable",
    "source_unavailable",
    "endpoint_unavailable",
    "growing",
    "sound_key",
    *SERVICES,
)
"""Codes of ``Unavailable`` that work can meet. Work that failed with one of them after its waiting
time can be retried."""

BAD_AUDIO_CODES = (
    "missing",  # the path or object does not exist (any more)
    "empty",  # zero bytes, or a valid container with no samples
    "not_audio",  # no decoder recognises the bytes
    "no_audio_stream",  # a container without an audio track
    "encrypted",  # DRM or an encrypted container
    "truncated",  # ends before the length in its header
    "corrupt",  # decoding failed
    "zero_channels",
    "unsupported",  # outside 8-192 kHz or 1-8 channels
    "too_long",  # longer than EARSHOT_MAX_DURATION_SEC
    "not_finite",  # NaN or infinite samples
)


def one_line(error: BaseException, most: int = 300) -> str:
    """The first line of an exception's message, at most ``most`` characters of it; the name of its
    class where it has no message. Without NUL, which Postgres cannot store."""
    lines = str(error).replace("\x00", "").splitlines()
    return next((line for line in lines if line.strip()), type(error).__name__)[:most]
