"""Memory that nobody uses any more."""

from __future__ import annotations

import ctypes
import sys


def give_back_memory() -> None:
    """Hand memory that was freed back to the system, where the C library can (glibc).

    By itself it keeps much of what loading a model and opening a clip took for a moment: some
    20 MB that would lie idle for as long as the work takes.
    """
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim is not None:
            trim(0)
