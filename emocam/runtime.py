"""Threads and memory of the libraries below."""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import cv2
from threadpoolctl import ThreadpoolController


class _BlasLimit:
    """One limit for all who want it at the same time.

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


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep NumPy's matrix products to one thread while the block runs.

    Those of a few faces are over before a second thread has begun, and OpenBLAS' threads wait by
    spinning: on two cores they took 70 % of all computing time from detection and encoding.
    """
    with _BLAS_LIMIT:
        yield


@lru_cache(maxsize=1)
def _libraries() -> ThreadpoolController:
    """Those that are loaded. Looking for them takes a millisecond, which no reading should."""
    return ThreadpoolController()


@contextmanager
def one_opencv_thread() -> Iterator[None]:
    """Keep OpenCV's own functions to one thread while the block runs.

    For work that has threads enough of its own: OpenCV's wait for each other by spinning, which
    took 10 % of the speed from videos on two cores.
    """
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def give_back_memory() -> None:
    """Hand memory that was freed back to the system, where the C library can (glibc).

    By itself it keeps much of what loading a model and opening a clip took for a moment: some
    20 MB that would lie idle for as long as the work takes.
    """
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim is not None:
            trim(0)
