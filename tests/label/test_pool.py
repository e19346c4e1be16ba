"""Tasks are spread over places, and one that kills its place is named."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from emocam.label.pool import Reader, _read_at
from emocam.label.tasks import PhotoResult, PhotoTask

TASKS = [PhotoTask(number, f"{number}.jpg") for number in range(20)]


class Death(Exception):
    """A process died."""


class Place:
    """Reads at once, and counts what it got; one address kills it."""

    def __init__(self, deadly: str = "") -> None:
        self.deadly = deadly
        self.sizes: list[int] = []

    def submit(self, read: Reader, tasks: list[PhotoTask], /) -> Future[list[PhotoResult]]:
        self.sizes.append(len(tasks))
        future: Future[list[PhotoResult]] = Future()
        if self.deadly in [task.address for task in tasks]:
            future.set_exception(Death())
        else:
            future.set_result(read(tasks))
        return future


def read(tasks: list[PhotoTask]) -> list[PhotoResult]:
    return [PhotoResult(task.id, [{"status": "ok"}], []) for task in tasks]


def test_all_places_are_kept_busy_and_every_task_comes_back_once() -> None:
    places = [Place(), Place(), Place()]
    results = [one for some in _read_at(places, read, TASKS, 2, Death) for one in some]
    assert sorted(one.id for one in results) == list(range(20))
    assert all(place.sizes for place in places)


@pytest.mark.parametrize("chunk", [1, 8])
def test_a_deadly_task_is_named_and_its_neighbours_are_read(chunk: int) -> None:
    places = [Place("7.jpg"), Place("7.jpg")]
    results = [one for some in _read_at(places, read, TASKS, chunk, Death) for one in some]
    statuses = {one.id: one.rows[0]["status"] for one in results}
    assert statuses == {number: "ok" if number != 7 else "unreadable" for number in range(20)}


def test_tasks_are_taken_only_as_they_are_needed() -> None:
    taken = []
    tasks = (taken.append(task) or task for task in TASKS)
    results = _read_at([Place()], read, tasks, 2, Death)
    next(results)
    assert len(taken) == 4  # those whose results came, and those that are read meanwhile
