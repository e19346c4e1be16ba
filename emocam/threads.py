"""How many threads the libraries below may take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import cv2
from threadpoolctl import threadpool_limits


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep NumPy's matrix products to one thread while the block runs.

    Those of a few faces are over before a second thread has begun, and OpenBLAS' threads wait by
    spinning: on two cores they took 70 % of all computing time from detection and encoding.
    """
    with threadpool_limits(limits=1, user_api="blas"):
        yield


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
