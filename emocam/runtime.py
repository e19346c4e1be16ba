"""Thread limits and memory of the numeric libraries, and the end of what runs in threads."""

from __future__ import annotations

import atexit
import ctypes
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from typing import Any

import cv2
from threadpoolctl import ThreadpoolController


class _BlasLimit:
    """A process-wide limit, counted by its users.

    The libraries have one setting for the whole process: if each caller put back what it found,
    the last of two that overlap would put back the limit of the first, for good.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holders = 0
        self._limit: Any = None

    def __enter__(self) -> None:
        with self._lock:
            if not self._holders:
                self._limit = _libraries().limit(limits=1, user_api="blas")
            self._holders += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._holders -= 1
            if not self._holders:
                self._limit.restore_original_limits()


_BLAS_LIMIT = _BlasLimit()
_OPEN: set[ExitStack] = set()  # what `closed_at_exit` gave


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep NumPy's matrix products to one thread while the block, or a decorated function, runs.

    Products of a picture or of a few faces end before a second thread starts, and OpenBLAS' threads
    wait by spinning: on two cores that took 70 % of the processor time from detection and encoding,
    and the search of a picture five times as long on a busy machine.
    """
    with _BLAS_LIMIT:
        yield


@lru_cache(maxsize=1)
def _libraries() -> ThreadpoolController:
    """The loaded BLAS libraries; searching for them takes a millisecond, so it is done once."""
    return ThreadpoolController()


@contextmanager
def one_opencv_thread() -> Iterator[None]:
    """Keep OpenCV's own functions to one thread while the block runs.

    For work with threads of its own: OpenCV's wait for each other by spinning, which made
    videos 10 % slower on two cores.
    """
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def give_back_memory() -> None:
    """Return freed memory to the system, where the C library can (glibc).

    Otherwise some 20 MB that loading a model and opening a clip took stay with the process.
    """
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim is not None:
            trim(0)


@contextmanager
def closed_at_exit() -> Iterator[ExitStack]:
    """A stack that is closed when the block ends, or Python itself if that comes first.

    A generator that is left unfinished stays open until Python has gone, and a thread that is then
    in C++ code aborts the process.
    """
    with ExitStack() as stack:
        _OPEN.add(stack)
        try:
            yield stack
        finally:
            _OPEN.discard(stack)


@atexit.register
def _close_all() -> None:
    for stack in tuple(_OPEN):
        stack.close()
