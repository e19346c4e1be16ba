"""A process beside the one that follows the faces of a clip: it finds new ones and reads them.

In one process the threads of a clip's pipeline wait for Python's interpreter lock, and two cores
did but 1.2 times the work of one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, NamedTuple

from emocam.processes import Process, prepare_processes

if TYPE_CHECKING:
    from emocam.detection.detector import SearchPicture
    from emocam.recognition.prediction import Prediction
    from emocam.types import Face, ImageU8

_WORKER = "emocam.video.reading_worker"


class ModelArguments(NamedTuple):
    """Which model and profile to load, as for `EmotionRecognizer.load`."""

    model: str | Path | None
    profile: Path | None


class ReadingProcess:
    """Finds the faces of whole pictures, and reads faces, beside what goes on here.

    It starts as soon as the block is entered, and loads the model meanwhile. When it dies, or can't
    be started, the same is done in this process from then on.

    Parameters
    ----------
    model, profile
        As for `EmotionRecognizer.load`.
    """

    def __init__(self, model: str | Path | None, profile: Path | None) -> None:
        self._arguments = ModelArguments(model, profile)
        self._process = Process(_WORKER)
        self._is_lost = False
        self._lock = Lock()

    def __enter__(self) -> ReadingProcess:
        self._process.__enter__()
        prepare_processes(_WORKER)
        # An error is told by whoever loads the model here.
        self._starting = Thread(target=self._submit, args=("load",), daemon=True)
        self._starting.start()
        return self

    def __exit__(self, *error: Any) -> None:
        self._starting.join()
        self._process.__exit__(*error)

    def search(self, picture: SearchPicture) -> Callable[[], Sequence[Face]]:
        """Begin what `FaceDetector.search` does; what is returned waits for the faces.

        The picture in colour would take as long on its way as the search itself.
        """
        return self._begin("search", picture)

    def predict_crops(self, faces_gray: ImageU8) -> Prediction:
        """As `EmotionRecognizer.predict_crops`."""
        prediction: Prediction = self._begin("predict", faces_gray)()
        return prediction

    def _begin(self, name: str, given: SearchPicture | ImageU8) -> Callable[[], Any]:
        future = self._submit(name, given)

        def result() -> Any:
            try:
                if future is not None:
                    return future.result()
            except BrokenProcessPool:
                self._is_lost = True
            return self._here(name, given)

        return result

    def _submit(self, name: str, *given: SearchPicture | ImageU8) -> Future[Any] | None:
        with self._lock:
            if self._is_lost:
                return None
            try:
                return self._process.submit(_call, name, self._arguments, *given)
            except OSError:  # no more processes, files or memory are to be had
                self._is_lost = True
                return None

    def _here(self, name: str, given: SearchPicture | ImageU8) -> Any:
        with self._lock:  # the first call loads the model, and a detector belongs to one thread
            return _call(name, self._arguments, given)


def _call(name: str, arguments: ModelArguments, *given: SearchPicture | ImageU8) -> Any:
    """A function of the worker by its name: what starts it imports nothing large."""
    return getattr(import_module(_WORKER), name)(arguments, *given)
