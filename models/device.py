"""Where GPU pools compute: on a CUDA device when there is one, else on the CPU."""

from functools import cache

from analysis.errors import Misconfigured


@cache
def resolve(device: str) -> str:
    """``auto`` becomes ``cuda`` or ``cpu``; asking for ``cuda`` where there is none stops the process.

    To be called in the pool's child process only: touching CUDA before a fork breaks it.
    """
    if device == "cpu":
        return "cpu"
    import ctranslate2

    found = ctranslate2.get_cuda_device_count() > 0
    if device == "cuda" and not found:
        raise Misconfigured("device", "EARSHOT_DEVICE=cuda but no CUDA device is visible; set it to auto or cpu")
    return "cuda" if found else "cpu"
