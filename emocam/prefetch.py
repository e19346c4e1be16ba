"""Prefetching: an iterator runs in a thread, a bounded number of items ahead of its consumer."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

_T = TypeVar("_T")
_POLL_S = 0.1


class _Ended:
    """Sentinel after the last item; `error` is what the iterator raised, if anything."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


@contextmanager
def prefetch(items: Iterator[_T], size: int) -> Iterator[Iterator[_T]]:
    """Run an iterator in a thread, up to `size` items ahead of its consumer.

    Parameters
    ----------
    items
        Iterated in the thread alone. An exception is raised again in the consumer, after the
        items before it.
    size
        Size of the queue. More evens out differences in speed, and takes memory.

    Returns
    -------
    The same items in the same order. The thread is joined when the `with` block ends.
    """
    waiting: queue.Queue[_T | _Ended] = queue.Queue(size)
    stop = threading.Event()

    def put(item: _T | _Ended) -> None:
        while not stop.is_set():
            try:
                waiting.put(item, timeout=_POLL_S)
            except queue.Full:
                continue
            return

    def work() -> None:
        error: BaseException | None = None
        try:
            for item in items:
                put(item)
                if stop.is_set():
                    return
        except BaseException as raised:  # noqa: BLE001 - raised again in the consumer
            error = raised
        put(_Ended(error))

    def results() -> Iterator[_T]:
        while True:
            item = waiting.get()
            if isinstance(item, _Ended):
                if item.error is not None:
                    raise item.error
                return
            yield item

    thread = threading.Thread(target=work, name="prefetch", daemon=True)
    thread.start()
    try:
        yield results()
    finally:
        stop.set()
        thread.join()
