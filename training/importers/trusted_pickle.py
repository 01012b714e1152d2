"""Opens ``.joblib`` files, which can run any code: only with the user's explicit trust, and only
files with a stated digest (C-44)."""

import hashlib
import io
import warnings
from collections.abc import Collection
from pathlib import Path
from typing import Any

from earshot.analysis.errors import Misconfigured, one_line


def verified(path: Path, digests: Collection[str], trust: bool) -> bytes:
    """The content of a file that may be opened.

    Args:
        digests: sha256 of the intended files.
        trust: true if a person vouches for them.

    Raises:
        Misconfigured: no trust, no such file, or another digest.
    """
    if not trust:
        raise Misconfigured(
            "untrusted",
            f"{path}: opening a .joblib file runs code of its author; if you trust the author, add"
            " --trust",
        )
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Misconfigured("file", f"{path}: {error.strerror}; name a .joblib file") from error
    found = hashlib.sha256(content).hexdigest()
    if found not in {digest.strip().lower() for digest in digests}:
        raise Misconfigured(
            "digest",
            f"{path} has sha256 {found}, which is not what --sha256 names; get the file again from"
            " its author",
        )
    return content


def loaded(path: Path, content: bytes) -> Any:
    """The object in a file, from the verified bytes: the file itself may have changed since.

    Raises:
        Misconfigured: another version of scikit-learn saved it, or it is not a pickle.
    """
    import joblib
    from sklearn.exceptions import InconsistentVersionWarning

    with warnings.catch_warnings():
        warnings.simplefilter("error", InconsistentVersionWarning)
        try:
            return joblib.load(io.BytesIO(content))
        except InconsistentVersionWarning as error:
            raise Misconfigured(
                "version",
                f"{path} was saved by scikit-learn {error.original_sklearn_version}, this is"
                f" {error.current_sklearn_version}; save it again with this version",
            ) from error
        except Exception as error:  # a pickle may raise any exception
            reason = one_line(error)
            raise Misconfigured(
                "file", f"{path} cannot be opened: {reason}; save it with joblib.dump"
            ) from error
