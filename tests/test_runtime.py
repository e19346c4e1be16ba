from __future__ import annotations

import platform
from pathlib import Path

import cv2
import numpy as np  # noqa: F401 - loads the BLAS that is counted
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from emocam.runtime import give_back_memory, one_blas_thread, one_opencv_thread


@pytest.fixture
def two_threads():
    before = cv2.getNumThreads()
    cv2.setNumThreads(2)
    yield
    cv2.setNumThreads(before)


def fail_with_one_thread() -> None:
    with one_opencv_thread():
        raise ValueError(f"threads: {cv2.getNumThreads()}")


def test_opencv_has_its_threads_again_even_after_an_error(two_threads):
    with pytest.raises(ValueError, match="threads: 1"):
        fail_with_one_thread()
    assert cv2.getNumThreads() == 2


def resident_mb() -> float:
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps freed memory")
def test_freed_memory_goes_back_to_the_system():
    blocks = [b"x" * 100_000 for _ in range(1000)]
    kept = blocks[::50]  # what lies between pieces in use is not given back by itself
    full_mb = resident_mb()
    del blocks
    give_back_memory()
    assert full_mb - resident_mb() > 60
    assert len(kept) == 20


def blas_threads() -> list[int]:
    return [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]


def test_calls_that_overlap_leave_blas_its_threads():
    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()  # one that is built without threads has one always
        assert max(before) == 2
        first, second = one_blas_thread(), one_blas_thread()
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert set(blas_threads()) == {1}  # the second is still at work
        second.__exit__(None, None, None)
        assert blas_threads() == before
