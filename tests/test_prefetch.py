from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from emocam.prefetch import prefetch


def test_items_come_in_order():
    with prefetch(iter(range(100)), 3) as items:
        assert list(items) == list(range(100))


def test_never_more_than_the_size_ahead():
    made = []

    def count() -> Iterator[int]:
        for number in range(50):
            made.append(number)
            yield number

    with prefetch(count(), 3) as items:
        for number in items:
            # 3 wait, 1 is held by the thread, 1 is here
            assert len(made) <= number + 5


def test_an_error_comes_after_the_items_before_it():
    def fail() -> Iterator[int]:
        yield 1
        raise KeyError("broken")

    with prefetch(fail(), 3) as items:
        assert next(items) == 1
        with pytest.raises(KeyError, match="broken"):
            next(items)


def test_the_thread_ends_with_the_block_however_it_ends():
    def endless() -> Iterator[int]:
        while True:
            yield 1

    def leave() -> None:
        with prefetch(endless(), 2) as items:
            next(items)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        leave()
    assert [one for one in threading.enumerate() if one.name == "prefetch"] == []
