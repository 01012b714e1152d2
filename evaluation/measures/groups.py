"""Groups of related recordings, which are never split nor counted as independent."""

import re


def origin(path: str) -> str:
    """The source of a file: ``esc-<fold>`` for ESC-50 clips, in whichever set they appear (the fold
    is the name's first digit), else the name without the number of its cut, as in
    ``laugh_1.m4a_14.ogg``, else the path itself."""
    name = path.rsplit("/", 1)[-1]
    if match := re.match(r"([1-5])-\d+-[A-Z]\.", name):
        return f"esc-{match[1]}"
    return re.sub(r"_\d+\.ogg$", "", name) if re.search(r"\.\w+_\d+\.ogg$", name) else path
