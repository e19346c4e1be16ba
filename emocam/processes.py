"""Processes beside this one: silent, with libraries of one thread, and gone when this one is."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from typing import Any, TypeVar

_Result = TypeVar("_Result")

# Libraries that would start a thread for each core in each process.
_ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}


def usable_cores() -> int:
    """Cores that this process may use, as containers and batch systems limit them."""
    from joblib import cpu_count

    return int(cpu_count())


def is_one_core() -> bool:
    """Whether processes of this one's could but take turns; it is told without an import."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    return (len(affinity(0)) if affinity else os.cpu_count()) == 1


@lru_cache
def prepare_processes(module: str) -> Any:
    """How processes start here; on Linux their imports begin at once, beside what goes on here.

    They are forked there from a process that has imported what they need, and has one thread.
    Elsewhere systems' own libraries don't bear forking, and each process imports it for itself.

    Parameters
    ----------
    module
        What the processes need. Those of a second module import it for themselves.
    """
    if sys.platform == "linux":
        from multiprocessing.forkserver import ensure_running

        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([module])
        try:
            with _one_thread_each(), _silent_stderr(), _no_hangup():
                ensure_running()
            return context
        except OSError:  # its socket can't be made, as where the path of $TMPDIR is long
            pass
    return multiprocessing.get_context("spawn")


class Process:
    """A process that is killed at the end of the `with` block.

    Parameters
    ----------
    module
        What it needs, see `prepare_processes`.
    is_forked_here
        Whether it is forked on Linux from this very process, which then has imported all of that
        and has no thread at work: such a thread may hold a lock that is never opened in the copy.
        A process of a process would have to start another one first to be forked from.
    is_replaced
        Whether a new one takes its place when it dies; otherwise later calls raise
        BrokenProcessPool.
    """

    def __init__(
        self, module: str, *, is_forked_here: bool = False, is_replaced: bool = True
    ) -> None:
        self._module = module
        self._is_replaced = is_replaced
        self._is_forked_here = is_forked_here and sys.platform == "linux"
        self._executor: ProcessPoolExecutor | None = None

    def __enter__(self) -> Process:
        self._context()  # what it is forked from imports meanwhile
        return self

    def _context(self) -> Any:
        if self._is_forked_here:
            return multiprocessing.get_context("fork")
        return prepare_processes(self._module)

    def submit(self, function: Callable[..., _Result], /, *arguments: object) -> Future[_Result]:
        """Call a function there; the calls are made one by one, in order."""
        try:
            if self._executor is not None:
                return self._executor.submit(function, *arguments)
        except BrokenProcessPool:
            if not self._is_replaced:
                raise
        context = self._context()
        self._executor = ProcessPoolExecutor(1, context, _begin_apart)
        # What is forked has the environment of the process that it is forked from.
        is_forked = context.get_start_method() != "spawn"
        with nullcontext() if is_forked else _one_thread_each():
            answer = self._executor.submit(function, *arguments)
        # As long as this process has the pipe's other end open, the end of an answer that was cut
        # off by the process's death would be waited for for ever.
        self._executor._result_queue._writer.close()  # type: ignore[attr-defined]
        return answer

    def __exit__(self, *_: object) -> None:
        if self._executor is None:
            return
        # Only Python 3.14 has a method for it.
        for process in list((self._executor._processes or {}).values()):
            process.kill()
        self._executor.shutdown()


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """What is started in the block has libraries that start no threads."""
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(_ONE_THREAD)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """What is started in the block prints nothing: not of a parent that has just been stopped."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@contextmanager
def _no_hangup() -> Iterator[None]:
    """What is started in the block, and all it starts, outlives a terminal that is closed.

    It is up to this process to end in order then. The signal goes to all processes, and also to
    Python's own that keeps the list of locks, which would be begun anew and complain.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin_apart() -> None:
    """What a process does first: it becomes a silent one that ends with the one that started it.

    Ctrl-C, which a terminal sends to all processes, is left to the one that started this; and when
    that one is killed this one ends, even before it was given any work.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # libjpeg prints about every damaged photo; the table says what is wrong with it.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    # A killed parent can't stop its workers, which would wait for work for ever.
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
