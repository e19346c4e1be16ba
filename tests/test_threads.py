from __future__ import annotations

import cv2
import pytest

from emocam.threads import one_opencv_thread


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
