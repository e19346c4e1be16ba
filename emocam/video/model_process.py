"""A process that loads a model as soon as it starts, and then answers calls one by one."""

from __future__ import annotations

from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from pathlib import Path
from threading import Lock, Thread
from typing import Any, NamedTuple, TypeVar

from emocam.processes import Process

_Self = TypeVar("_Self", bound="ModelProcess")


class ModelArguments(NamedTuple):
    """Which model and profile to load, as for `EmotionRecognizer.load`."""

    model: str | Path | None
    profile: Path | None
    certainty: float | None = None


class ProcessLost(Exception):
    """The process died or could not be started: what was asked of it is to be done here."""


class ModelProcess:
    """A process that is started as the block is entered, and killed as it is left.

    Parameters
    ----------
    worker
        Name of the module whose functions it calls; each takes the arguments first. Its `load` is
        the first to be called.
    arguments
        What to load.
    is_forked_here
        See `Process`.
    """

    def __init__(
        self, worker: str, arguments: ModelArguments, *, is_forked_here: bool = False
    ) -> None:
        self.arguments = arguments
        self._worker = worker
        # A new one would know nothing of what this one was asked before.
        self._process = Process(worker, is_forked_here=is_forked_here, is_replaced=False)
        self._is_lost = False
        self._lock = Lock()

    def __enter__(self: _Self) -> _Self:
        self._process.__enter__()
        # An error is told by whoever loads the model here.
        self._starting = Thread(target=self.submit, args=("load",), daemon=True)
        self._starting.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.wait_started()
        self._process.__exit__(*error)

    def wait_started(self) -> None:
        """Until the process is there, or can't be had; it need not have loaded the model."""
        self._starting.join()

    def submit(self, name: str, *given: object) -> Future[Any] | None:
        """Begin a call; None when the process is lost."""
        with self._lock:
            if self._is_lost:
                return None
            try:
                return self._process.submit(_call, self._worker, name, self.arguments, *given)
            except (OSError, EOFError, RuntimeError):
                # It died, or what it is forked from; or no more processes, threads, files or
                # memory are to be had.
                self._is_lost = True
                return None

    def result(self, call: Future[Any] | None) -> Any:
        """What a call that was begun gives.

        Raises
        ------
        ProcessLost
            When it has none; whatever the function raised is raised as it is.
        """
        if call is None:
            raise ProcessLost
        try:
            return call.result()
        except BrokenProcessPool as error:
            self._is_lost = True
            raise ProcessLost from error


def _call(worker: str, name: str, *given: object) -> Any:
    """A function of the worker by its name: what starts it imports nothing large."""
    return getattr(import_module(worker), name)(*given)
