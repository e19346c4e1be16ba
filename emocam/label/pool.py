"""Photos read side by side: by processes here, or by the workers of a Dask cluster."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    CancelledError,
    Future,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import islice
from typing import Any, Protocol

from emocam.errors import SetupError, SourceError
from emocam.label.tasks import PhotoResult, PhotoTask, Work, failed
from emocam.limits import check_open_files
from emocam.processes import Process

Results = Iterator[list[PhotoResult]]
Reader = Callable[[list[PhotoTask]], list[PhotoResult]]

# Photos a message. Their faces are read together, and finished together: so the same ones are read
# together in a run that is interrupted, and with any number of processes.
CHUNK = 4
WORKER = "emocam.label.worker"  # what a process imports
_IN_FLIGHT_ON_CLUSTER = 256  # messages: workers that join later find some
_SCHEDULER_WAIT_S = 10.0
_WORKER_WAIT_S = 60
_FILES, _FILES_A_PROCESS = 56, 8  # open at once here: pipes, locks, the journal
_CRASHED = "the reader crashed on it"


# Named here and imported there: the run itself needs no OpenCV, and starts sooner without.
def label_there(work: Work, tasks: list[PhotoTask]) -> list[PhotoResult]:
    """See `emocam.label.worker.label_tasks`."""
    from emocam.label.worker import label_tasks

    return label_tasks(work, tasks)


def read_in_processes(
    work: Work,
    tasks: Iterable[PhotoTask],
    jobs: int,
    chunk: int = CHUNK,
    read_some: Callable[[Work, list[PhotoTask]], list[PhotoResult]] = label_there,
) -> Results:
    """Read photos in processes of this machine.

    A photo on which a process dies gets a row that says so; the others are read.

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
    read_some
        What a process does with the work and some tasks.
    """
    check_open_files(_FILES + _FILES_A_PROCESS * jobs)
    read = partial(read_some, work)
    with ExitStack() as stack:
        processes = [stack.enter_context(Process(WORKER)) for _ in range(jobs)]
        yield from _read_at(processes, read, tasks, chunk, BrokenProcessPool)


def read_on_cluster(
    work: Work,
    tasks: Iterable[PhotoTask],
    address: str,
    chunk: int = CHUNK,
    read_some: Callable[[Work, list[PhotoTask]], list[PhotoResult]] = label_there,
) -> Results:
    """Read photos on the workers of a Dask cluster, which must see the photos and the model.

    Parameters
    ----------
    work, tasks
        As in `read_in_processes`.
    address
        Of the scheduler, such as `tcp://host:8786`.
    chunk
        Photos that a worker gets at once.
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
    try:
        with _cluster(address) as executor:
            places = [executor] * _IN_FLIGHT_ON_CLUSTER
            # Dask tries a task on several workers before it says that it kills them.
            yield from _read_at(places, partial(read_some, work), tasks, chunk, KilledWorker)
    except TimeoutError as error:
        raise SetupError(
            f"no worker at {address} takes the photos; start one: dask worker {address}"
        ) from error
    except CancelledError as error:
        raise SourceError(
            f"the Dask scheduler at {address} was lost: the same command goes on"
        ) from error


class _Place(Protocol):
    """Runs one call at a time."""

    def submit(self, read: Reader, tasks: list[PhotoTask], /) -> Future[list[PhotoResult]]: ...


def _read_at(
    places: Iterable[_Place],
    read: Reader,
    tasks: Iterable[PhotoTask],
    chunk: int,
    death: type[Exception],
) -> Results:
    """Keep all places busy; tasks of a place that dies are read again one by one.

    A task that dies by itself is read once more at the end with nothing beside it: a worker of a
    cluster takes others down with it.
    """
    idle, rest = deque(places), iter(tasks)
    singles, suspects = deque[PhotoTask](), deque[PhotoTask]()
    busy: dict[Future[list[PhotoResult]], tuple[_Place, list[PhotoTask]]] = {}

    def start(some: list[PhotoTask]) -> None:
        place = idle.popleft()
        busy[place.submit(read, some)] = place, some

    def start_all() -> None:
        while idle and (some := [singles.popleft()] if singles else list(islice(rest, chunk))):
            start(some)

    while True:
        start_all()
        on_trial = not busy and bool(suspects)
        if on_trial:
            start([suspects.popleft()])
        if not busy:
            return
        for future in wait(busy, return_when=FIRST_COMPLETED).done:
            place, some = busy.pop(future)
            idle.append(place)
            try:
                results = future.result()
            except death:
                if on_trial:
                    yield [failed(some[0], "unreadable", _CRASHED)]
                elif len(some) == 1:
                    suspects.extend(some)
                else:
                    singles.extend(some)
            else:
                if not on_trial:
                    start_all()  # no place waits for what is done with the results
                yield results


@contextmanager
def _cluster(address: str) -> Iterator[Any]:
    """Dask's executor, once there is a worker."""
    from distributed import Client

    try:
        client = Client(address, timeout=_SCHEDULER_WAIT_S)  # type: ignore[no-untyped-call]
    except (OSError, TimeoutError, ValueError) as error:
        raise SetupError(
            f"no Dask scheduler answers at {address}; start one: dask scheduler"
        ) from error
    with client:
        client.wait_for_workers(1, timeout=_WORKER_WAIT_S)
        executor = client.get_executor(pure=False)  # type: ignore[no-untyped-call]
        try:
            yield executor
        finally:
            executor.shutdown(wait=False)
