"""URLs as they may be shown: without user, password, query and fragment, which may contain
credentials and signatures."""

import re
from collections.abc import Collection
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]{0,30}://[^\s'\"<>]+")
"""Only the end of a longer scheme: the bound keeps the search linear."""
_BREAKS = " \t\n'\"<>"


_STEPS = re.compile(r"/(\.?/)+")


def spelled(uri: str) -> str:
    """The one spelling in which URIs are compared with those of sources: a plain path is a
    ``file://`` URL, and repeated slashes and single dots in it are one slash. Postgres has the same
    (``migrations/0036_pre_spelled_sources.sql``)."""
    path = uri.removeprefix("file://")
    return f"file://{_STEPS.sub('/', path)}" if path.startswith("/") else uri


def shown(url: str) -> str:
    """The URL without parts that may be secret; a path or other text unchanged. A file's name may
    contain any character, so a ``file://`` URL stays whole."""
    if "://" not in url:
        return url
    if url.startswith("file://"):
        host, slash, path = url.removeprefix("file://").partition("/")
        return f"file://{host.rpartition('@')[2]}{slash}{path}"
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        kept = parts._replace(netloc=host, query="", fragment="").geturl()
    except ValueError:  # brackets that are no address: nothing of it is certain
        return f"{url.partition('://')[0]}://..."
    return kept if parts.netloc or not parts.scheme else f"{parts.scheme}://{parts.path}"


def masked(text: str) -> str:
    """A text with every URL in it masked by ``shown``."""
    return _URL.sub(lambda found: shown(found.group()), text)


def ends(text: str, most: int) -> str:
    """At most so many characters of either end. A URL that would be cut is removed, since it may
    end within a password."""
    if len(text) <= 2 * most:
        return text
    (start, end), (from_, until) = _word(text, most), _word(text, len(text) - most)
    first = text[:start] if "://" in text[start:end] else text[:most]
    last = text[until:] if "://" in text[from_:until] else text[-most:]
    return f"{first}...{last}"


def _word(text: str, at: int) -> tuple[int, int]:
    """Begin and end of the word at a position."""
    ends_ = [found for each in _BREAKS if (found := text.find(each, at)) >= 0]
    return max(text.rfind(each, 0, at) for each in _BREAKS) + 1, min(ends_, default=len(text))


def check_service(url: str, schemes: Collection[str]) -> None:
    """Checks that this is the URL of a server with one of these schemes.

    Raises:
        ValueError: it is not; the message contains nothing of it.
    """
    parts = urlsplit(url)
    if parts.scheme not in schemes:
        raise ValueError(
            f"is no URL of the form {' or '.join(f'{scheme}://...' for scheme in schemes)}"
        )
    if "@" in parts.path or parts.netloc.count("@") > 1:
        raise ValueError(
            "holds @ or / in its password; write them as %40 and %2F, or give the password by its"
            " own setting"
        )
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("names a port that is no number") from None


def with_password(url: str, password: str) -> str:
    """The URL with that password, with any characters, in place of any other."""
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    return parts._replace(
        netloc=f"{user.partition(':')[0]}:{quote(password, safe='')}@{host}"
    ).geturl()


def with_db(redis_url: str, db: int) -> str:
    """The URL of another database of a Redis; empty for an empty one."""
    if not redis_url:
        return ""
    parts = urlsplit(redis_url)  # a `db` of the query counts more than the path
    options = [each for each in parse_qsl(parts.query) if each[0] != "db"]
    if parts.scheme == "unix":
        return f"unix://{parts.netloc}{parts.path}?{urlencode([*options, ('db', db)])}"
    return urlunsplit(parts._replace(path=f"/{db}", query=urlencode(options)))
