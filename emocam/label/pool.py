"""Photos read side by side: by processes here, or by the workers of a Dask cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from functools import partial
from itertools import islice
from multiprocessing import get_context
from typing import Any

from emocam.errors import SetupError, SourceError
from emocam.label.tasks import PhotoResult, PhotoTask, Work, failed

Results = Iterator[list[PhotoResult]]
Reader = Callable[[list[PhotoTask]], list[PhotoResult]]

CHUNK = 8  # photos a message: enough that sending costs nothing, few enough to lose little
_AHEAD = 2  # messages a worker that are on their way
_AHEAD_ON_CLUSTER = 256  # messages on their way in all: workers that join later find some
_WORKER_WAIT_S = 60
_CRASHED = "the reader crashed on it"


def usable_cores() -> int:
    """Cores that this process may use, as containers and batch systems limit them."""
    from joblib import cpu_count

    return int(cpu_count())


# Named here and imported there: the run itself needs no OpenCV, and starts sooner without.
def label_apart(work: Work, parent: int, tasks: list[PhotoTask]) -> list[PhotoResult]:
    """See `emocam.label.worker.label_tasks_apart`."""
    from emocam.label.worker import label_tasks_apart

    return label_tasks_apart(work, parent, tasks)


def label_there(work: Work, tasks: list[PhotoTask]) -> list[PhotoResult]:
    """See `emocam.label.worker.label_tasks`."""
    from emocam.label.worker import label_tasks

    return label_tasks(work, tasks)


def read_in_processes(
    work: Work,
    tasks: Iterable[PhotoTask],
    jobs: int,
    chunk: int = CHUNK,
    read_apart: Callable[[Work, int, list[PhotoTask]], list[PhotoResult]] = label_apart,
) -> Results:
    """Read photos in processes of this machine.

    A photo on which a process dies is named and set apart; the others are read.

    Parameters
    ----------
    work
        How to read them.
    tasks
        The photos; they are taken from here as they are needed.
    jobs
        Number of processes.
    chunk
        Photos that a process gets at once.
    read_apart
        What a process does with the work, the number of this process, and some tasks.
    """
    read = partial(read_apart, work, os.getpid())
    with _Apart(read) as apart:
        if jobs == 1:
            for some in _Chunks(tasks, chunk):
                results = apart.read(some)
                yield from [results] if results is not None else map(apart.read_alone, some)
            return

        def side_by_side(chunks: _Chunks) -> Results:
            from joblib import parallel_config

            with parallel_config("loky", inner_max_num_threads=1):
                yield from _parallel(read, chunks, jobs, _AHEAD * jobs)

        # Joblib's TerminatedWorkerError is one of these.
        yield from _past_deaths(side_by_side, apart.read_alone, tasks, chunk, BrokenProcessPool)


def read_on_cluster(
    work: Work,
    tasks: Iterable[PhotoTask],
    address: str,
    read_some: Callable[[Work, list[PhotoTask]], list[PhotoResult]] = label_there,
) -> Results:
    """Read photos on the workers of a Dask cluster, which must see the photos and the model.

    Parameters
    ----------
    work, tasks
        As in `read_in_processes`.
    address
        Of the scheduler, such as `tcp://host:8786`.
    read_some
        What a worker does with the work and some tasks.

    Raises
    ------
    SetupError
        When Dask is not installed, or no scheduler or worker answers.
    SourceError
        When the scheduler is lost on the way.
    """
    try:
        from distributed import KilledWorker
    except ImportError as error:
        raise SetupError('--scheduler needs Dask: pip install "emocam[dask]"') from error
    read = partial(read_some, work)

    def side_by_side(chunks: Iterable[list[PhotoTask]]) -> Results:
        yield from _parallel(read, chunks, -1, _AHEAD_ON_CLUSTER)

    def alone(task: PhotoTask) -> list[PhotoResult]:
        try:
            return next(side_by_side([[task]]))
        except KilledWorker:
            return [failed(task, "unreadable", _CRASHED)]

    try:
        with _cluster(address):
            # Dask tries a task on several workers before it says that it kills them.
            yield from _past_deaths(side_by_side, alone, tasks, CHUNK, KilledWorker)
    except TimeoutError as error:
        raise SetupError(
            f"no worker at {address} takes the photos; start one: dask worker {address}"
        ) from error
    except CancelledError as error:
        raise SourceError(
            f"the Dask scheduler at {address} was lost: the same command goes on"
        ) from error


def _past_deaths(
    side_by_side: Callable[[_Chunks], Results],
    alone: Callable[[PhotoTask], list[PhotoResult]],
    tasks: Iterable[PhotoTask],
    chunk: int,
    death: type[Exception],
) -> Results:
    """Read on when a process has died: what it had is read singly, then one at a time."""
    chunks = _Chunks(tasks, chunk)
    while True:
        with suppress(death):
            yield from side_by_side(chunks)
        lost = chunks.take_back()
        if not lost:
            return
        singles = _Chunks(lost, 1)
        while lost:
            with suppress(death):
                yield from side_by_side(singles)
            lost = singles.take_back()
            yield from map(alone, lost)


def _parallel(
    read: Reader, chunks: Iterable[list[PhotoTask]], jobs: int, pre_dispatch: int
) -> Results:
    from joblib import Parallel, delayed  # slow to import, and a single process does without

    parallel = Parallel(
        n_jobs=jobs, return_as="generator_unordered", batch_size=1, pre_dispatch=pre_dispatch
    )
    for results in parallel(delayed(read)(chunk) for chunk in chunks):
        if isinstance(chunks, _Chunks):
            chunks.done(results)
        yield results


@contextmanager
def _cluster(address: str) -> Iterator[Any]:
    from distributed import Client

    try:
        client = Client(address, timeout="10s")  # type: ignore[no-untyped-call]
    except (OSError, TimeoutError, ValueError) as error:
        raise SetupError(
            f"no Dask scheduler answers at {address}; start one: dask scheduler"
        ) from error
    from joblib import parallel_config

    from emocam.label.dask_backend import ClusterBackend

    backend = ClusterBackend(client=client, wait_for_workers_timeout=_WORKER_WAIT_S)
    with client, parallel_config(backend, n_jobs=-1):
        yield client


class _Chunks:
    """Tasks in small lists; knows which have been handed out and not come back."""

    def __init__(self, tasks: Iterable[PhotoTask], size: int) -> None:
        self._tasks = iter(tasks)
        self._size = size
        self._away: dict[int, PhotoTask] = {}

    def __iter__(self) -> Iterator[list[PhotoTask]]:
        while chunk := list(islice(self._tasks, self._size)):
            self._away.update((task.id, task) for task in chunk)
            yield chunk

    def done(self, results: Iterable[PhotoResult]) -> None:
        for result in results:
            self._away.pop(result.id, None)

    def take_back(self) -> list[PhotoTask]:
        lost = sorted(self._away.values())
        self._away.clear()
        return lost


class _Apart:
    """One process that may die, and is then replaced."""

    def __init__(self, read: Reader) -> None:
        self._read = read
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> _Apart:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def read(self, chunk: list[PhotoTask]) -> list[PhotoResult] | None:
        """Results of some photos; None when the process died on one of them."""
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
        try:
            return self._pool.submit(self._read, chunk).result()
        except BrokenProcessPool:
            self._pool = None
            return None

    def read_alone(self, task: PhotoTask) -> list[PhotoResult]:
        """Result of one photo, whatever it does to the process."""
        results = self.read([task])
        return [failed(task, "unreadable", _CRASHED)] if results is None else results
