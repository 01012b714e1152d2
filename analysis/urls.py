"""URLs as they may be shown: without user, password, query and fragment, which is where credentials and signatures stand."""

import re
from urllib.parse import quote, urlsplit

_URL = re.compile(r"\b[a-zA-Z][a-zA-Z0-9+.-]*://[^\s'\"<>]+")


def shown(url: str) -> str:
    """The URL without what may be secret; a path or anything else that is no URL as it is."""
    if "://" not in url:
        return url
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        kept = parts._replace(netloc=host, query="", fragment="").geturl()
    except ValueError:  # brackets that are no address: nothing of it is certain
        return f"{url.partition('://')[0]}://..."
    return kept if parts.netloc or not parts.scheme else f"{parts.scheme}://{parts.path}"


def masked(text: str) -> str:
    """A text with every URL in it as ``shown``."""
    return _URL.sub(lambda found: shown(found.group()), text)


def with_password(url: str, password: str) -> str:
    """The URL with that password, whatever its characters, in place of any other."""
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user.partition(':')[0]}:{quote(password, safe='')}@{host}").geturl()
