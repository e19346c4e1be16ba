"""A process beside the one that follows the faces of a clip: it finds new ones and reads them.

In one process the threads of a clip's pipeline wait for Python's interpreter lock, and two cores
did but 1.2 times the work of one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from threading import Lock
from typing import TYPE_CHECKING, Any

from emocam.video.model_process import ModelArguments, ModelProcess, ProcessLost

if TYPE_CHECKING:
    from emocam.detection.detector import SearchPicture
    from emocam.recognition.prediction import Prediction
    from emocam.types import Face, ImageU8

_WORKER = "emocam.video.reading_worker"


class ReadingProcess(ModelProcess):
    """Finds the faces of whole pictures, and reads faces, beside what goes on here.

    When it dies, or can't be started, the same is done in this process from then on.

    Parameters
    ----------
    arguments
        Which model to load.
    is_forked_here
        See `emocam.processes.Process`.
    """

    def __init__(self, arguments: ModelArguments, *, is_forked_here: bool = False) -> None:
        super().__init__(_WORKER, arguments, is_forked_here=is_forked_here)
        self._here_lock = Lock()

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
        call = self.submit(name, given)

        def result() -> Any:
            try:
                return self.result(call)
            except ProcessLost:
                return self._here(name, given)

        return result

    def _here(self, name: str, given: SearchPicture | ImageU8) -> Any:
        # The first call loads the model, and a detector belongs to one thread.
        with self._here_lock:
            return getattr(import_module(_WORKER), name)(self.arguments, given)
