"""A process that reads the faces of a clip, while this one draws them into the film.

Drawing and encoding take about as long as all that comes before, and need nothing of it but the
readings. In one process both would wait for Python's interpreter lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from emocam.video.model_process import ModelArguments, ModelProcess, ProcessLost

if TYPE_CHECKING:
    from emocam.readings import FrameReadings

_WORKER = "emocam.video.clip_worker"


class ClipRequest(NamedTuple):
    """A part of a clip, and how to go through it, as for `clip_readings`."""

    path: Path
    start_s: float
    end_s: float | None
    every_s: float
    largest: bool
    smooth: bool


class ClipProcess(ModelProcess):
    """Goes through clips and reads their faces, with a `ReadingProcess` of its own.

    Parameters
    ----------
    arguments
        Which model to load.
    """

    def __init__(self, arguments: ModelArguments) -> None:
        super().__init__(_WORKER, arguments)

    def readings(
        self, request: ClipRequest, here: Callable[[], Iterator[FrameReadings]]
    ) -> Iterator[FrameReadings]:
        """The analysed frames' readings in order, as `clip_readings` gives them.

        Parameters
        ----------
        request
            The clip.
        here
            Begins to do the same in this process: for when the other one is lost.
        """
        return self._parts(self.submit("begin", request), here)

    def _parts(
        self, waiting: Future[Any] | None, here: Callable[[], Iterator[FrameReadings]]
    ) -> Iterator[FrameReadings]:
        done = 0
        try:
            while part := self.result(waiting):
                waiting = self.submit("more")  # which is done while this part is drawn
                yield from part
                done += len(part)
        except ProcessLost:
            yield from islice(here(), done, None)
