"""Files of the store by the key that seals them, and sealed anew."""

from pathlib import Path

import fsspec

from earshot.audio.sealing.cipher import HEADER, key_name_of
from earshot.audio.sealing.files import replacing
from earshot.audio.store.layout import local_path, store_errors
from earshot.audio.store.scratch import temporary


def key_at(store_url: str, path: str) -> str | None:
    """Name of the key that seals a file of the store; None: it is not sealed.

    Args:
        path: relative to the store.

    Raises:
        BadAudio: ``missing``, it is gone.
        Permanent: ``sound_damaged``.
        Unavailable: the store does not answer.
    """
    url = f"{store_url.rstrip('/')}/{path}"
    local = local_path(url)
    with store_errors(url, local_path(store_url)):
        if local is not None:
            with local.open("rb") as file:
                return key_name_of(file.read(HEADER))
        fs, name = fsspec.core.url_to_fs(url)
        return key_name_of(bytes(fs.cat_file(name, start=0, end=HEADER)))


def reseal(store_url: str, path: str) -> None:
    """Seals a file with the newest key and a new key of its own. What is written to it
    meanwhile is lost: the caller keeps others from it.

    Raises:
        As ``key_at``; ``sound_key``, its key is not among those of the settings.
    """
    url = f"{store_url.rstrip('/')}/{path}"
    local = local_path(url)
    with store_errors(url, local_path(store_url)):
        if local is not None:
            with replacing(local):
                pass
            return
        fs, name = fsspec.core.url_to_fs(url)
        with temporary() as copy:
            fs.get_file(name, copy.name)
            with replacing(Path(copy.name)):
                pass
            fs.put_file(copy.name, name)
